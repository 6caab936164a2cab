import { describe, expect, it } from '@jest/globals';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { TwinTopic } from '../../../lib/kafka/twin/twin-topic.js';
import { store, TWIN_RETENTION } from '../../../lib/twin/index.js';
import { message, TwinBench } from '../../support/twin-bench.js';

const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } });
const to = orders.destination('incoming');
const beyond = 20;

async function fill(bench: TwinBench, count: number): Promise<void> {
  const driver = await bench.connect(orders);
  await driver.publish(
    to,
    Array.from({ length: count }, (_, index) => message(`m${index}`, { key: 'k' })),
  );
}

describe('the log of a partition of the Kafka twin', () => {
  it('holds no more than its retention after a million messages that nobody read', () => {
    const topic = new TwinTopic('incoming', 1);
    const record = store('incoming', message('Hi!'), 0);
    for (let count = 0; count < 1_000_000; count++) topic.append(0, record);
    const { size, first, end } = topic.partition(0);
    expect([size, first, end]).toEqual([TWIN_RETENTION.messages, 1_000_000 - TWIN_RETENTION.messages, 1_000_000]);
  });

  it('holds no more bytes than its retention', () => {
    const topic = new TwinTopic('incoming', 1);
    const record = store('incoming', { body: Buffer.alloc(1_000_000) }, 0);
    for (let count = 0; count < 100; count++) topic.append(0, record);
    expect(topic.partition(0).bytes).toBeLessThanOrEqual(TWIN_RETENTION.bytes);
    expect(topic.partition(0).size).toBe(67);
  });

  it('is read from its oldest message by a new group', async () => {
    const bench = new TwinBench();
    await fill(bench, TWIN_RETENTION.messages + beyond);
    const reader = await bench.read(await bench.connect(orders), orders.source('incoming'), () => undefined);
    expect([reader.texts[0], bench.errors]).toEqual([`m${beyond}`, []]);
  });

  it('tells a group what was dropped before it was read, and goes on with the oldest there are', async () => {
    const bench = new TwinBench();
    const first = await bench.read(await bench.connect(orders), orders.source('incoming'));
    await fill(bench, 1);
    await bench.turns.idle();
    await first.leave();
    await fill(bench, TWIN_RETENTION.messages + beyond);
    const second = await bench.read(await bench.connect(orders), orders.source('incoming'), () => undefined);
    expect([first.texts, second.texts[0]]).toEqual([['m0'], `m${beyond}`]);
    expect(bench.errors).toEqual([expect.stringMatching(/incoming\[\d\].*from offset 1 are gone/)]);
  });
});
