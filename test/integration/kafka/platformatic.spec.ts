import { afterEach, expect, it } from '@jest/globals';
import { promisify } from 'node:util';

import { describePlatformatic, ON_KAFKAJS } from '../../support/kafka-library.js';
import { closeAfterEach, connected, recordingIo } from '../../support/kafka/connected.js';
import { Member, platformaticClient } from '../../support/kafka/platformatic.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  realBrokers,
  readAll,
  uniqueName,
  until,
} from '../../support/real-brokers.js';

const consumer = { heartbeatInterval: 200, sessionTimeout: 6_000, rebalanceTimeout: 6_000 };
const members: Member[] = [];

/** The client's own consumer. */
interface Native {
  readonly closed: boolean;
  readonly connections: Iterable<unknown>;
  once(event: string, listener: () => void): void;
}

function member(...args: ConstructorParameters<typeof Member>): Member {
  const made = new Member(...args);
  members.push(made);
  return made;
}

async function write(topic: string, texts: readonly string[], partitions = 1): Promise<void> {
  const client = (await platformaticClient()).maker(recordingIo().io)();
  const producer = client.producer({ pick: (_topic, _all, record) => record.partition ?? 0 });
  await producer.connect();
  const records = texts.map((value, index) => ({ key: null, value, partition: index % partitions }));
  await producer.send(topic, records);
  await producer.disconnect();
  client.kill();
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);

describePlatformatic('the adapter of @platformatic/kafka', () => {
  closeAfterEach();
  afterEach(async () => {
    for (const { consumer: one, client } of members.splice(0)) {
      await one.disconnect().catch(() => undefined);
      client.kill();
    }
  }, 30_000);

  it.each(['classic', 'consumer'] as const)(
    'shares the partitions of a group out, and leaves it (%s)',
    async (groupProtocol) => {
      const [topic, group] = [await createTopic(uniqueName('shared'), 4), uniqueName('group')];
      const kafka = await platformaticClient({ ...consumer, groupProtocol });
      const one = await member(kafka, group).start(topic);
      const other = await member(kafka, group).start(topic);
      const both = (): number[] => [one.partitions.length, other.partitions.length];
      await until(() => both().join() === '2,2', { what: 'each has two', timeoutMs: 30_000 });
      await write(topic, texts(40), 4);
      await until(() => one.taken.length + other.taken.length === 40, { what: 'all is taken' });
      await one.consumer.disconnect();
      await until(() => other.partitions.length === 4, { what: 'it has all', timeoutMs: 30_000 });
    },
    60_000,
  );

  it('waits for a join as long as the group rebalances, whatever other requests may take', async () => {
    const [topic, group] = [await createTopic(uniqueName('patient'), 2), uniqueName('group')];
    const kafka = await platformaticClient({ ...consumer, heartbeatInterval: 3_000 }, {}, { requestTimeout: 1_000 });
    const one = await member(kafka, group).start(topic);
    const other = await member(kafka, group).start(topic);
    // On a busy machine the first member may have come too late to a rebalance, and joins again.
    await until(() => one.partitions.length === 1 && other.partitions.length === 1, { what: 'each has one partition' });
    expect(other.events.filter((event) => event.startsWith('complained'))).toEqual([]);
    await one.consumer.commit(one.partitions.map((partition) => ({ topic, partition, offset: 0 })));
  });

  it('refuses the commit of a member that the group has dropped, which the client would repeat as a new member', async () => {
    const [topic, group] = [await createTopic(uniqueName('dropped'), 2), uniqueName('group')];
    const kafka = await platformaticClient(consumer);
    const one = await member(kafka, group).start(topic);
    const { memberId } = one.joins[0]!;
    const { Admin } = await import('@platformatic/kafka');
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...realBrokers().kafka] });
    await admin.removeMembersFromConsumerGroup({ groupId: group, members: [{ memberId }] });
    const offsets = [0, 1].map((partition) => ({ topic, partition, offset: 7 }));
    await expect(one.consumer.commit(offsets)).rejects.toThrow();
    expect(await committedOffsets(group, topic)).not.toContain(7);
    await admin.close();
  });

  it('by KIP-848 crashes when the group has dropped it, as the client would never come back', async () => {
    const [topic, group] = [await createTopic(uniqueName('dropped'), 2), uniqueName('group')];
    const one = await member(await platformaticClient({ groupProtocol: 'consumer' }), group).start(topic);
    await until(() => one.partitions.length === 2, { what: 'it has its partitions', timeoutMs: 20_000 });
    const { Admin } = await import('@platformatic/kafka');
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...realBrokers().kafka] });
    const { memberId } = one.joins[0]!;
    await admin.removeMembersFromConsumerGroup({ groupId: group, members: [{ memberId }] });
    await until(() => one.events.some((event) => event.startsWith('crashed')), {
      what: 'it crashes',
      timeoutMs: 20_000,
    });
    await admin.close();
  }, 60_000);

  it('by KIP-848 reads a topic that was deleted and made again, whose id the client does not know', async () => {
    const [topic, group] = [await createTopic(uniqueName('anew'), 2), uniqueName('group')];
    const one = await member(await platformaticClient({ groupProtocol: 'consumer' }), group).start(topic);
    await until(() => one.partitions.length === 2, { what: 'it has its partitions', timeoutMs: 20_000 });
    await write(topic, texts(4), 2);
    await until(() => one.taken.length === 4, { what: 'it is read' });
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic), { what: 'it is gone' });
    await createTopic(topic, 2);
    await admin.disconnect();
    await write(topic, ['again', 'again'], 2);
    await until(() => one.taken.filter(({ text }) => text === 'again').length === 2, {
      what: 'it is read again',
      timeoutMs: 30_000,
    });
  }, 90_000);

  it.each(['classic', 'consumer'] as const)(
    'describes a group, and one that is not there (%s)',
    async (groupProtocol) => {
      const [topic, group] = [await createTopic(uniqueName('described'), 2), uniqueName('group')];
      const one = await member(await platformaticClient({ ...consumer, groupProtocol }), group).start(topic);
      await until(() => one.partitions.length === 2, { what: 'it has its partitions', timeoutMs: 20_000 });
      const asking = (await platformaticClient()).maker(recordingIo().io)();
      const described = { topics: new Set([topic]), assignment: { [topic]: [0, 1] } };
      const { memberId } = one.joins.at(-1)!;
      await until(async () => (await asking.admin().group(group))?.isStable === true, { what: 'it is stable' });
      expect(await asking.admin().group(group)).toEqual({ isStable: true, members: [{ memberId, ...described }] });
      expect((await asking.admin().group(uniqueName('nobody')))?.members ?? []).toEqual([]);
      asking.kill();
    },
  );

  it.each(['consumer:heartbeat:start', 'consumer:heartbeat:end', 'consumer:group:join'])(
    'by KIP-848 ends at once where it is killed while it joins: in %s',
    async (event) => {
      const [topic, group] = [await createTopic(uniqueName('killed'), 2), uniqueName('group')];
      const one = member(await platformaticClient({ groupProtocol: 'consumer' }), group);
      const { consumer: native } = one.consumer as unknown as { readonly consumer: Native };
      let joins = -1;
      native.once(event, () => {
        one.client.kill();
        joins = one.joins.length;
      });
      await one.start(topic).catch(() => undefined);
      // Until then it sends heartbeats, and its timer keeps the process alive.
      await until(() => native.closed, { what: 'it is closed' });
      await one.consumer.disconnect().catch(() => undefined);
      await write(topic, texts(4), 2);
      expect([one.taken, one.joins.length, [...native.connections]]).toEqual([[], joins, []]);
    },
  );

  it('stays in its group as a static member, and is back in it without a rebalance', async () => {
    const [topic, group] = [await createTopic(uniqueName('static'), 2), uniqueName('group')];
    const join = async (groupInstanceId: string): Promise<Member> =>
      member(await platformaticClient({ ...consumer, groupInstanceId }), group).start(topic);
    const [first, other] = [await join('a'), await join('b')];
    await until(() => first.partitions.length + other.partitions.length === 2, { what: 'each has one' });
    const [had, joins] = [first.partitions, other.joins.length];
    await first.consumer.disconnect();
    first.client.kill();
    const back = await join('a');
    expect([back.partitions, other.joins.length]).toEqual([had, joins]);
    const asking = (await platformaticClient()).maker(recordingIo().io)();
    expect((await asking.admin().group(group))?.members).toHaveLength(2);
    asking.kill();
  });

  it('hands over no record of an aborted transaction, also where its marker comes in a later fetch', async () => {
    const topic = await createTopic(uniqueName('aborted'), 1);
    const producer = kafkaClient().producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    for (const text of texts(5)) await transaction.send({ topic, messages: [{ value: text.padEnd(300_000, 'x') }] });
    await transaction.abort();
    await producer.send({ topic, messages: [{ value: 'sound' }] });
    await producer.disconnect();
    const kafka = await platformaticClient({ ...consumer, maxBytes: 350_000, maxBytesPerPartition: 350_000 });
    const one = await member(kafka, uniqueName('group')).start(topic);
    await until(() => one.taken.length > 0, { what: 'a record is taken' });
    expect(one.taken.map(({ text }) => text.slice(0, 5))).toEqual(['sound']);
  });

  it('writes headers that are repeated, and reads those without a value', async () => {
    const topic = await createTopic(uniqueName('headers'), 1);
    const client = (await platformaticClient()).maker(recordingIo().io)();
    const producer = client.producer({ pick: () => 0 });
    await producer.send(topic, [{ key: null, value: null, headers: { twice: ['1', '2'], bytes: Buffer.of(255) } }]);
    const [record] = await readAll(topic);
    const headers = { twice: [Buffer.from('1'), Buffer.from('2')], bytes: Buffer.of(255) };
    expect(record).toMatchObject({ key: null, value: null, headers });
    await producer.disconnect();
    client.kill();
  });

  it('puts a key on the partition that kafkajs puts it on, unlike the client by itself', async () => {
    const topic = await createTopic(uniqueName('keys'), 6);
    const keys = texts(60);
    const [mine, theirs] = [await connected({}, { library: '@platformatic/kafka' }), await connected({}, ON_KAFKAJS)];
    for (const { driver, definition } of [mine, theirs])
      await driver.publish(
        definition.destination(topic),
        keys.map((key) => ({ body: Buffer.from(key), key })),
      );
    const partitions = new Map<string, Set<number>>();
    for (const { key, partition } of await readAll(topic))
      partitions.set(key!, (partitions.get(key!) ?? new Set()).add(partition));
    expect(partitions.size).toBe(60);
    expect([...partitions.values()].filter(({ size }) => size !== 1)).toEqual([]);
  });

  it('asks again after its connection was lost in the moment of the question', async () => {
    const client = (await platformaticClient()).maker(recordingIo().io)({ lost: () => void again() });
    const producer = client.producer({ pick: () => 0 });
    let asked: Promise<void> | undefined;
    const again = (): Promise<void> => (asked ??= producer.connect());
    await producer.connect();
    const { connections } = producer.native as { connections: Iterable<[string, { socket: { destroy(): void } }]> };
    for (const [, { socket }] of connections) socket.destroy();
    await until(() => asked !== undefined, { what: 'the loss is told' });
    await Promise.race([asked, promisify(setTimeout)(5_000).then(() => Promise.reject(new Error('no answer')))]);
    client.kill();
  });
});
