import { afterEach, describe, expect, it } from '@jest/globals';
import type { Consumer } from 'kafkajs';

import { closeAfterEach, type Connected, connected, consumerOptions } from '../../support/kafka/connected.js';
import type { RecordingSink } from '../../support/kafka/recording-sink.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

const PARTITIONS = 3;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Two topics, and a group whose members read one or both. */
async function twoTopics() {
  const name = uniqueName('assignment');
  const [known, added] = [`${name}-known`, `${name}-added`];
  for (const topic of [known, added]) await createTopic(topic, PARTITIONS);
  const groupId = uniqueName('group');
  const member = (): Promise<Connected> =>
    connected({ groupId, consumer: { ...consumerOptions, metadataMaxAge: 500 } });
  return { known, added, groupId, member };
}

/** Live lanes of a topic. */
const lanesOf = (sink: RecordingSink, topic: string): number =>
  sink.lanes.filter(({ name, lost }) => !lost.aborted && name.includes(topic)).length;

/** Resolves when the sinks have so many of a topic's partitions between them. */
const areRead = (topic: string, partitions: number, ...sinks: RecordingSink[]): Promise<boolean> =>
  until(() => sinks.reduce((sum, sink) => sum + lanesOf(sink, topic), 0) === partitions, {
    what: `${partitions} partitions of ${topic} are read`,
  });

const plain = new Set<Consumer>();

/** A member of plain kafkajs, that is assigned what its leader gives it. */
async function plainMember(groupId: string, topic: string): Promise<{ texts: string[]; leave(): Promise<void> }> {
  const consumer = kafkaClient().consumer({ groupId, ...consumerOptions, maxWaitTimeInMs: 100 });
  plain.add(consumer);
  const texts: string[] = [];
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void texts.push(String(message.value)) });
  await joined;
  return { texts, leave: () => consumer.disconnect() };
}

/** One message in a partition at least, texts `0` and on. */
async function publish(broker: Connected, topic: string): Promise<string[]> {
  const destination = broker.definition.destination(topic);
  const texts = KEYS.map((_, index) => String(index));
  await broker.driver.publish(
    destination,
    texts.map((text, at) => ({ body: Buffer.from(text), key: KEYS[at]! })),
  );
  return texts;
}

whenBrokers(describe)('a Kafka group whose members read different topics', () => {
  closeAfterEach();
  afterEach(async () => {
    await Promise.all([...plain].map((consumer) => consumer.disconnect()));
    plain.clear();
  });

  it('reads every partition of a topic that only a member reads that does not lead', async () => {
    const { known, added, member } = await twoTopics();
    const [old, fresh] = [await member(), await member()];
    const { sink: ofOld } = await old.read(known);
    const { sink: ofFresh } = await fresh.read([known, added]);
    await areRead(known, PARTITIONS, ofOld, ofFresh);
    await areRead(added, PARTITIONS, ofFresh);
    const sent = await publish(fresh, added);
    await ofFresh.has(sent.length);
    expect(ofFresh.texts.sort()).toEqual(sent);
    expect(ofOld.lanes.every(({ name }) => name.includes(known))).toBe(true);
    expect([...old.driver.healthIssues!(), ...fresh.driver.healthIssues!()]).toEqual([]);
  });

  it('gives what is left by a member to those who read it, and to no others', async () => {
    const { known, added, member } = await twoTopics();
    const [old, fresh] = [await member(), await member()];
    const { intake, sink: ofOld } = await old.read(known);
    const { sink: ofFresh } = await fresh.read([known, added]);
    await areRead(known, PARTITIONS, ofOld, ofFresh);
    await intake.close();
    await areRead(known, PARTITIONS, ofFresh);
    await areRead(added, PARTITIONS, ofFresh);
    const { sink: again } = await old.read(added);
    await areRead(added, PARTITIONS, ofFresh, again);
    await areRead(known, PARTITIONS, ofFresh);
    expect(again.lanes.every(({ name }) => name.includes(added))).toBe(true);
  });

  it('reads partitions that are added to a topic that its leader does not read', async () => {
    const { known, added, member } = await twoTopics();
    const { sink: ofOld } = await (await member()).read(known);
    const { sink: ofFresh } = await (await member()).read(added);
    await areRead(known, PARTITIONS, ofOld);
    await areRead(added, PARTITIONS, ofFresh);
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: added, count: PARTITIONS + 2 }] });
    await admin.disconnect();
    await areRead(added, PARTITIONS + 2, ofFresh);
    await areRead(known, PARTITIONS, ofOld);
  });

  it('may be led by this library where it has a member of plain kafkajs: that reads its own topic', async () => {
    const { known, added, groupId, member } = await twoTopics();
    const one = await member();
    const { sink } = await one.read(known);
    await areRead(known, PARTITIONS, sink);
    const other = await plainMember(groupId, added);
    await areRead(known, PARTITIONS, sink);
    const sent = [await publish(one, known), await publish(one, added)];
    await sink.has(sent[0]!.length);
    await until(() => other.texts.length === sent[1]!.length, { what: 'the member of plain kafkajs reads its topic' });
    expect([sink.texts.sort(), other.texts.sort(), one.driver.healthIssues!()]).toEqual([...sent, []]);
  });

  it('says in its health what nobody reads while plain kafkajs leads, and reads that once it has left', async () => {
    const { known, added, groupId, member } = await twoTopics();
    const leader = await plainMember(groupId, known);
    const one = await member();
    const { sink } = await one.read([known, added]);
    const unread = `does not read ${PARTITIONS} of the ${PARTITIONS} partitions of '${added}'`;
    await until(() => one.driver.healthIssues!().join().includes(unread), { what: 'health tells' });
    expect(one.log.filter((line) => line.startsWith('warn:') && line.includes(unread))).toHaveLength(1);
    const sent = await publish(one, added);
    await leader.leave();
    await areRead(added, PARTITIONS, sink);
    await sink.has(sent.length);
    await until(() => one.driver.healthIssues!().length === 0, { what: 'health is restored' });
  });
});
