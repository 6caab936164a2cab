import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';

import { closeAfterEach, connected, consumerOptions } from '../../support/kafka/connected.js';
import { type KafkaCluster, startKafkaCluster, uniqueName, until, whenNative } from '../../support/real-brokers.js';

whenNative(describe, 'kafka')('an ACL that is taken away from one topic of a group, and given back', () => {
  let cluster: KafkaCluster;
  let admin: Admin;
  beforeAll(async () => {
    cluster = await startKafkaCluster({ secured: true });
    admin = new Kafka({ brokers: cluster.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  }, 90_000);
  afterAll(async () => {
    await admin.disconnect();
    await cluster.stop();
  });
  closeAfterEach();

  const { READ, DESCRIBE, ANY } = AclOperationTypes;
  const { ALLOW, DENY } = AclPermissionTypes;
  const of = (resourceName: string) => ({
    resourceType: AclResourceTypes.TOPIC,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  });
  const acl = (topic: string, operation: AclOperationTypes, permissionType: AclPermissionTypes) => {
    return { ...of(topic), principal: `User:${cluster.secured!.username}`, host: '*', operation, permissionType };
  };
  const giveBack = (topic: string) =>
    admin.deleteAcls({ filters: [{ ...of(topic), operation: ANY, permissionType: AclPermissionTypes.ANY }] });

  const refusedClient = () => {
    const { brokers, certificate, username, password } = cluster.secured!;
    return { brokers, ssl: { ca: [certificate] }, sasl: { mechanism: 'plain' as const, username, password } };
  };
  const soon = { timeoutMs: 20_000, everyMs: 50 };

  it.each([
    ['to read it', [DESCRIBE], 'no permission to read it'],
    ['to know of it', [], 'may not know of it'],
  ])(
    '%s: the others are read and committed, health names it, and it is read once it may be',
    async (_to, left, why) => {
      const name = uniqueName('acl');
      const [refused, other] = [`${name}-refused`, `${name}-other`];
      await admin.createTopics({ topics: [refused, other].map((topic) => ({ topic, numPartitions: 1 })) });
      const groupId = uniqueName('group');
      const broker = await connected({ groupId, client: refusedClient(), consumer: consumerOptions });
      const writer = await connected({ client: { brokers: cluster.brokers } });
      const { sink } = await broker.read([refused, other]);
      const publish = async (topic: string, text: string) => {
        await writer.publish(topic, text);
        await until(() => sink.texts.includes(text), { what: `'${text}' is read`, ...soon });
      };
      await publish(refused, 'before');
      await admin.createAcls({ acl: [acl(refused, READ, DENY), ...left.map((one) => acl(refused, one, ALLOW))] });
      const issues = () => broker.driver.healthIssues!();
      const named = () => issues().some((one) => one.includes(`topic '${refused}'`) && one.includes(why));
      await until(named, { what: 'health names it', ...soon });
      await publish(other, 'meanwhile');
      await publish(other, 'and again');
      const committed = async () => (await admin.fetchOffsets({ groupId, topics: [other] }))[0]?.partitions[0]?.offset;
      await until(async () => (await committed()) === '2', { what: 'they are committed', ...soon });
      expect(issues()).toHaveLength(1);
      await giveBack(refused);
      await publish(refused, 'after');
      await until(() => issues().length === 0, { what: 'health is well again', ...soon });
      await publish(other, 'as ever');
    },
    90_000,
  );

  it('of the only topic of a group: health names it, and it is read once it may be', async () => {
    const name = uniqueName('acl');
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 2 }] });
    const broker = await connected({ client: refusedClient(), consumer: consumerOptions });
    const writer = await connected({ client: { brokers: cluster.brokers } });
    const { sink } = await broker.read(name);
    await admin.createAcls({ acl: [acl(name, READ, DENY), acl(name, DESCRIBE, ALLOW)] });
    const issues = () => broker.driver.healthIssues!();
    await until(() => issues().some((one) => one.includes(`topic '${name}'`)), { what: 'health names it', ...soon });
    await writer.publish(name, 'meanwhile');
    await giveBack(name);
    await until(() => sink.texts.includes('meanwhile') && issues().length === 0, { what: 'it is read', ...soon });
  }, 90_000);
});
