import { describe, expect, it } from '@jest/globals';
import { kafkaBroker, topic } from '../../../lib/kafka/index.js';
import { message, TwinBench } from '../../support/twin-bench.js';

const client = { brokers: ['localhost:9092'] };
const orders = kafkaBroker({ name: 'orders', groupId: 'g', client });
const billing = kafkaBroker({ name: 'billing', groupId: 'g', client });
const to = orders.destination('incoming');
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`);
const keyed = (text: string) => message(text, { key: text });

describe('a group of the Kafka twin', () => {
  it('belongs to its broker: one groupId on two brokers is two groups, and each sees every message once', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const one = await bench.read(driver, orders.source('incoming'));
    const other = await bench.read(await bench.connect(billing), billing.source('incoming'));
    await bench.publish(driver, to, ...numbered(40).map(keyed));
    expect(one.texts.sort()).toEqual(numbered(40).sort());
    expect(other.texts.sort()).toEqual(numbered(40).sort());
  });

  it('gives a member that joins its share: what moves is lost to the one before, what stays goes on', async () => {
    const bench = new TwinBench();
    const one = await bench.read(await bench.connect(orders), orders.source('incoming'), () => undefined);
    const driver = await bench.connect(orders);
    await bench.publish(driver, to, ...numbered(40).map(keyed));
    const two = await bench.read(driver, orders.source('incoming'));
    const lost = one.lanes.filter((lane) => lane.lost.aborted).map(({ name }) => name);
    expect(lost).toEqual(['incoming[1]', 'incoming[3]']);
    expect(two.lanes.map(({ name }) => name)).toEqual(lost);
    // What the first had not settled is read again by the second, and by nobody else.
    const unsettled = one.got.filter(({ lane }) => lost.includes(lane.name)).map(({ text }) => text);
    expect(two.texts.sort()).toEqual(unsettled.sort());
    expect(one.got).toHaveLength(40);
  });

  it('takes no settlement of a lane that is lost', async () => {
    const bench = new TwinBench();
    const one = await bench.read(await bench.connect(orders), orders.source('incoming'), () => undefined);
    const driver = await bench.connect(orders);
    await bench.publish(driver, to, ...numbered(40).map(keyed));
    const two = await bench.read(driver, orders.source('incoming'), () => undefined);
    for (const { lane, message: late } of one.got) lane.settle(late, 'ack');
    await one.leave();
    await two.leave();
    const three = await bench.read(driver, orders.source('incoming'));
    const ofTwo = two.got.filter(({ lane }) => ['incoming[1]', 'incoming[3]'].includes(lane.name));
    expect(three.texts.sort()).toEqual(ofTwo.map(({ text }) => text).sort());
  });

  it('gives the partitions of a member that leaves to those who stay', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const one = await bench.read(driver, orders.source('incoming'));
    const two = await bench.read(await bench.connect(orders), orders.source('incoming'), () => undefined);
    await bench.publish(driver, to, ...numbered(40).map(keyed));
    await two.leave();
    await bench.turns.idle();
    expect(new Set(one.texts)).toEqual(new Set(numbered(40)));
  });

  it('has members without a partition when there are more than partitions', async () => {
    const bench = new TwinBench();
    const readers = [];
    for (let i = 0; i < 6; i++) readers.push(await bench.read(await bench.connect(orders), orders.source('incoming')));
    const live = readers.map(({ lanes }) => lanes.filter((lane) => !lane.lost.aborted).length);
    expect(live).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('goes on from the watermark: the first that is not settled, and all behind it', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const one = await bench.read(driver, orders.source('incoming'), ({ text }) => (text === 'm2' ? undefined : 'ack'));
    await bench.publish(driver, to, ...numbered(5).map((text) => message(text, { key: 'k' })));
    await one.leave();
    await driver.close();
    const two = await bench.read(await bench.connect(orders), orders.source('incoming'));
    expect(two.texts).toEqual(['m2', 'm3', 'm4']);
  });
});

describe('a new group of the Kafka twin', () => {
  it('begins with the oldest message, or with what comes, as its source says', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    await bench.publish(driver, to, 'before');
    const all = await bench.read(driver, orders.source(topic('incoming', { groupId: 'all' })));
    const late = await bench.read(driver, orders.source(topic('incoming', { groupId: 'late', fromBeginning: false })));
    await bench.publish(driver, to, 'after');
    expect([all.texts, late.texts]).toEqual([['before', 'after'], ['after']]);
  });

  it('has its start position stored: what it missed while it was gone is there', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const source = () => orders.source(topic('incoming', { groupId: 'late', fromBeginning: false }));
    await bench.publish(driver, to, 'before');
    await (await bench.read(driver, source())).leave();
    await bench.publish(driver, to, 'missed');
    expect((await bench.read(driver, source())).texts).toEqual(['missed']);
  });
});

describe('a RegExp source of the Kafka twin', () => {
  it('reads topics that match, those that appear later from their beginning, with its groups as params', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    await bench.publish(driver, orders.destination('orders.eu'), 'old');
    const source = topic(/^orders\.(?<region>\w+)$/, { fromBeginning: false });
    const reader = await bench.read(driver, orders.source(source));
    await bench.publish(driver, orders.destination('orders.us'), 'new topic');
    await bench.publish(driver, orders.destination('orders.eu'), 'old topic');
    await bench.publish(driver, orders.destination('billing.eu'), 'no match');
    expect(reader.texts).toEqual(['new topic', 'old topic']);
    expect(reader.got[0]!.message.params).toEqual({ '0': 'us', region: 'us' });
  });

  it('leaves out what a cluster keeps for itself', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const reader = await bench.read(driver, orders.source(topic(/in/)));
    await bench.publish(driver, orders.destination('__inner'), 'x');
    await bench.publish(driver, to, 'seen');
    expect(reader.texts).toEqual(['seen']);
  });

  it('reads no topic that another of its group reads: told at the start, or when the topic appears', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const sources = [orders.source(topic(/^orders/)), orders.source(topic(/eu$/))];
    await bench.publish(driver, orders.destination('orders.us'), 'x');
    const reader = await bench.read(driver, sources);
    await bench.publish(driver, orders.destination('orders.eu'), 'once');
    expect(reader.texts).toEqual(['x', 'once']);
    expect(bench.errors).toEqual([
      expect.stringMatching(/\/\^orders\/.* and .*\/eu\$\/.* match the topic 'orders.eu'/),
    ]);
    await expect(bench.read(driver, sources)).rejects.toMatchObject({ code: 'MULTI_BROKER_SOURCE_CLASH' });
  });
});
