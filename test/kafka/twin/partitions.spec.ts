import { describe, expect, it } from '@jest/globals';
import { kafkaBroker, topic } from '../../../lib/kafka/index.js';
import { partitionOfKey } from '../../../lib/kafka/partitioner.js';
import { message, positions, TwinBench } from '../../support/twin-bench.js';

const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } });
const to = orders.destination('incoming');

describe('topics of the Kafka twin', () => {
  it('have four partitions, and a lane for each', async () => {
    const bench = new TwinBench();
    const reader = await bench.read(await bench.connect(orders), orders.source('incoming'));
    expect(reader.lanes.map(({ name }) => name)).toEqual(['incoming[0]', 'incoming[1]', 'incoming[2]', 'incoming[3]']);
  });

  it('keep a key on the partition that the real partitioner picks, with offsets from 0', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const keys = ['a', 'b', 'customer-7', 'ü', ''];
    const outcomes = await bench.publish(driver, to, ...keys.map((key) => message('x', { key })));
    const again = await bench.publish(driver, to, message('x', { key: 'customer-7' }));
    const partition = partitionOfKey('customer-7', 4);
    expect(positions(outcomes)[2]).toMatch(new RegExp(`^incoming\\[${partition}\\]@`));
    expect(positions(again)[0]).toMatch(new RegExp(`^incoming\\[${partition}\\]@`));
    expect(positions(outcomes)[0]).toBe(`incoming[${partitionOfKey('a', 4)}]@0`);
  });

  it('spread messages without a key over the partitions, as the driver does', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const reader = await bench.read(driver, orders.source('incoming'));
    for (let call = 0; call < 8; call++) await bench.publish(driver, to, 'x');
    const perLane = reader.lanes.map((lane) => reader.got.filter((got) => got.lane === lane).length);
    expect(perLane).toEqual([2, 2, 2, 2]);
  });

  it('take the first message of a first call by itself, as the driver does who asks for the partitions by it', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const calls = [];
    for (const batch of [['a', 'b', 'c'], ['d', 'e'], ['f']]) {
      calls.push(
        positions(await bench.publish(driver, to, ...batch)).map((position) => /\[(\d)\]/.exec(position!)![1]),
      );
    }
    expect(calls).toEqual([['0', '1', '1'], ['2', '2'], ['3']]);
  });

  it('give a record as kafkajs would, to each receiver a copy', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const [one, other] = [
      await bench.read(driver, orders.source(topic('incoming', { groupId: 'one' }))),
      await bench.read(driver, orders.source(topic('incoming', { groupId: 'other' }))),
    ];
    await bench.publish(driver, to, message('Hi!', { key: 'k', headers: { a: '1' } }));
    const raw = one.got[0]!.message.raw as { message: { value: Buffer } };
    expect(raw).toEqual({
      topic: 'incoming',
      partition: partitionOfKey('k', 4),
      message: {
        magicByte: 2,
        attributes: 0,
        timestamp: '0',
        offset: '0',
        key: Buffer.from('k'),
        value: Buffer.from('Hi!'),
        headers: { a: Buffer.from('1') },
        isControlRecord: false,
      },
    });
    raw.message.value.fill(0);
    one.got[0]!.message.body!.fill(0);
    expect(Buffer.from(other.got[0]!.message.body!).toString()).toBe('Hi!');
  });

  it('belong to the bus: two brokers hear each other', async () => {
    const bench = new TwinBench();
    const billing = kafkaBroker({ name: 'billing', groupId: 'g', client: { brokers: ['localhost:9092'] } });
    const reader = await bench.read(await bench.connect(billing), billing.source('incoming'));
    await bench.publish(await bench.connect(orders), to, 'across');
    expect(reader.texts).toEqual(['across']);
  });

  it('are not those of another module', async () => {
    const [bench, other] = [new TwinBench(), new TwinBench()];
    const reader = await other.read(await other.connect(orders), orders.source('incoming'));
    await bench.publish(await bench.connect(orders), to, 'here');
    await other.turns.idle();
    expect(reader.texts).toEqual([]);
  });
});
