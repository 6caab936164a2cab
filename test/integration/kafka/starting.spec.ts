import { describe, expect, it } from '@jest/globals';
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';

const once = (listen: (then: () => void) => unknown): Promise<void> =>
  new Promise((resolve) => {
    listen(resolve);
  });

whenBrokers(describe)('a Kafka subscription that has started', () => {
  closeAfterEach();

  it('has stored where it begins, so that a successor misses nothing (fromBeginning: false)', async () => {
    const name = await createTopic(uniqueName('late'), 2);
    const groupId = uniqueName('group');
    const broker = await connected({ groupId, fromBeginning: false });
    await broker.publish(name, 'a', 'b', 'c');
    const { sink } = await broker.read(name);
    const stored = await committedOffsets(groupId, name);
    await broker.driver.close();
    const next = await connected({ groupId, fromBeginning: false });
    await next.publish(name, 'published while nobody reads');
    const successor = await next.read(name);
    await successor.sink.has(1);
    expect([sink.texts, stored.reduce((a, b) => a + b), successor.sink.texts]).toEqual([
      [],
      3,
      ['published while nobody reads'],
    ]);
  });

  it('has stored the beginning too', async () => {
    const name = await createTopic(uniqueName('early'), 3);
    const groupId = uniqueName('group');
    await (await connected({ groupId })).read(name);
    expect(await committedOffsets(groupId, name)).toEqual([0, 0, 0]);
  });

  it('sees what is published from that moment on, also before kafkajs has fetched once', async () => {
    for (let round = 0; round < 3; round++) {
      const name = await createTopic(uniqueName('moment'), 2);
      const broker = await connected({ fromBeginning: false });
      await broker.publish(name, 'old', 'old');
      const { sink, intake } = await broker.read(name);
      await broker.publish(name, 'new');
      await sink.has(1);
      expect(sink.texts).toEqual(['new']);
      await intake.close();
    }
  });

  it('reads a partition that is added from its beginning', async () => {
    const name = await createTopic(uniqueName('grows'), 1);
    const { read, driver, definition } = await connected({ fromBeginning: false, consumer: { metadataMaxAge: 100 } });
    const { sink } = await read(name);
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: 2 }] });
    const producer = kafkaClient().producer({ createPartitioner: () => () => 1 });
    await producer.connect();
    await until(
      async () => {
        await producer.send({ topic: name, messages: [{ value: 'to the new one' }] });
        return true;
      },
      { what: 'the new partition takes messages' },
    );
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    await sink.has(1);
    expect(sink.taken[0]!.lane.name).toBe(`${name}[1]`);
    expect(await committedOffsets(definition.options.groupId!, name)).toHaveLength(2);
    await driver.close();
  });

  it('reads a partition that was added while nobody read from its beginning too', async () => {
    const name = await createTopic(uniqueName('grown'), 1);
    const groupId = uniqueName('group');
    const first = await connected({ groupId, fromBeginning: false });
    await first.read(name);
    await first.driver.close();
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: 2 }] });
    const producer = kafkaClient().producer({ createPartitioner: () => () => 1 });
    await producer.connect();
    await until(async () => (await producer.send({ topic: name, messages: [{ value: 'x' }] })).length > 0, {
      what: 'it takes messages',
    });
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    const { sink } = await (await connected({ groupId, fromBeginning: false })).read(name);
    await sink.has(1);
    expect(sink.taken[0]!.lane.name).toBe(`${name}[1]`);
  });

  it('was not started where the group cannot be joined', async () => {
    const name = await createTopic(uniqueName('refused'));
    // The server's least session timeout is 6,000.
    const { read } = await connected({ consumer: { sessionTimeout: 100, heartbeatInterval: 50 } });
    await expect(read(name)).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
      message: expect.stringContaining(name),
    });
  });

  it('was not started beside members with other assigners, as those of the Java client, and says what works', async () => {
    const name = await createTopic(uniqueName('java'));
    const groupId = uniqueName('group');
    const range: PartitionAssigner = ({ cluster: _cluster }) => ({
      name: 'range',
      version: 0,
      assign: async ({ members }) =>
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 0,
            assignment: {},
            userData: Buffer.alloc(0),
          }),
        })),
      protocol: ({ topics }) => ({
        name: 'range',
        metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
      }),
    });
    const other = kafkaClient().consumer({ groupId, partitionAssigners: [range] });
    await other.connect();
    await other.subscribe({ topic: name });
    const joined = once(other.on.bind(other, other.events.GROUP_JOIN));
    await other.run({ eachMessage: async () => undefined });
    await joined;
    const { read } = await connected({ groupId });
    await expect(read(name)).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
      message: expect.stringContaining('group.protocol=consumer'),
    });
    await other.disconnect();
  });

  it('was not started where the topic does not exist and is not made', async () => {
    const name = uniqueName('absent');
    const { read } = await connected({ consumer: { allowAutoTopicCreation: false } });
    await expect(read(name)).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
      message: expect.stringContaining(name),
    });
  });

  it('shows nothing of the first use of a group as a warning', async () => {
    const broker = await connected();
    const { sink } = await broker.read(uniqueName('first-use'));
    expect([sink.texts, broker.log.filter((line) => /^(warn|error)/.test(line))]).toEqual([[], []]);
  });
});
