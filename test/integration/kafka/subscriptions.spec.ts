import { describe, expect, it } from '@jest/globals';

import { topic } from '../../../lib/kafka/index.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { RecordingSink } from '../../support/kafka/recording-sink.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';

async function membersOf(groupId: string): Promise<number> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([groupId]);
  await admin.disconnect();
  return groups[0]!.members.length;
}

whenBrokers(describe)('subscriptions of one Kafka group', () => {
  closeAfterEach();

  it('are one member, however many topics, each with its own handler', async () => {
    const names = [await createTopic(uniqueName('one')), await createTopic(uniqueName('two'))];
    const groupId = uniqueName('group');
    const broker = await connected({ groupId });
    const { sink } = await broker.read(names);
    for (const name of names) await broker.publish(name, name);
    await sink.has(2);
    expect(await membersOf(groupId)).toBe(1);
    expect(sink.taken.map(({ lane, text }) => [lane.source.address, text])).toEqual(
      expect.arrayContaining(names.map((name) => [name, name])),
    );
  });

  it('may come later: nothing is lost, and what was settled does not come again', async () => {
    const names = [await createTopic(uniqueName('first')), await createTopic(uniqueName('later'))];
    const broker = await connected({ commitIntervalMs: 600_000 });
    const first = await broker.read(names[0]!);
    await broker.publish(names[0]!, 'a');
    await first.sink.has(1);
    const later = await broker.read(names[1]!);
    await broker.publish(names[0]!, 'b');
    await broker.publish(names[1]!, 'c');
    await Promise.all([first.sink.has(2), later.sink.has(1)]);
    expect([first.sink.texts, later.sink.texts]).toEqual([['a', 'b'], ['c']]);
  });

  it('that fail leave the others reading', async () => {
    const name = await createTopic(uniqueName('stays'));
    const broker = await connected({ consumer: { allowAutoTopicCreation: false } });
    const { sink } = await broker.read(name);
    await expect(broker.read(uniqueName('absent'))).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    await broker.publish(name, 'still read');
    await sink.has(1);
  });

  it('may end: what is unsettled goes back, and the others go on', async () => {
    const names = [await createTopic(uniqueName('ends')), await createTopic(uniqueName('goes-on'))];
    const broker = await connected();
    const ending = new RecordingSink();
    ending.keep = ({ text }) => text === 'kept';
    const { intake } = await broker.read(names[0]!, { sink: ending });
    const other = await broker.read(names[1]!);
    await broker.publish(names[0]!, 'done', 'kept');
    await ending.has(2);
    await intake.stopFetching();
    await intake.flush();
    await intake.close();
    await broker.publish(names[0]!, 'not read');
    await broker.publish(names[1]!, 'read');
    await other.sink.has(1);
    expect([ending.texts, await committedOffsets(broker.definition.options.groupId!, names[0]!)]).toEqual([
      ['done', 'kept'],
      [1],
    ]);
    expect(ending.lanes.every(({ lost }) => lost.aborted)).toBe(true);
  });

  it('by a RegExp read each topic that matches, and give its groups as params', async () => {
    const prefix = uniqueName('shop');
    for (const country of ['de', 'fr']) await createTopic(`${prefix}.${country}.orders`);
    await createTopic(`${prefix}.de.other`);
    const broker = await connected();
    const { sink } = await broker.read(new RegExp(`^${prefix}\\.(?<country>..)\\.orders$`));
    for (const country of ['de', 'fr']) await broker.publish(`${prefix}.${country}.orders`, country);
    await broker.publish(`${prefix}.de.other`, 'other');
    await sink.has(2);
    const found = sink.taken.map(({ message, text }) => [text, message.address, message.params]);
    expect(found.sort()).toEqual(
      ['de', 'fr'].map((country) => [country, `${prefix}.${country}.orders`, { '0': country, country }]),
    );
  });

  it('by two RegExps that match one topic are refused', async () => {
    const name = await createTopic(uniqueName('both'));
    const { read } = await connected();
    await expect(read([new RegExp(`^${name}$`), new RegExp(`^${name}`)])).rejects.toMatchObject({
      code: 'MULTI_BROKER_SOURCE_CLASH',
    });
  });

  it('by a RegExp that nothing matches are refused', async () => {
    const { read } = await connected();
    await expect(read(/^no-topic-has-this-name-/)).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
  });

  it('of two groups each see every message', async () => {
    const name = await createTopic(uniqueName('groups'));
    const broker = await connected();
    const [one, other] = [new RecordingSink(), new RecordingSink()];
    const spec = (groupId: string) => broker.definition.source(topic(name, { groupId }));
    const signal = AbortSignal.timeout(20_000);
    await Promise.all([one, other].map((sink) => broker.driver.subscribe([spec(uniqueName('g'))], sink, signal)));
    await broker.publish(name, 'both');
    await until(() => one.texts.length + other.texts.length === 2, { what: 'both have it' });
    expect([one.texts, other.texts]).toEqual([['both'], ['both']]);
  });
});
