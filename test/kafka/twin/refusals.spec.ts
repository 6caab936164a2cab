import { describe, expect, it } from '@jest/globals';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { message, positions, TwinBench } from '../../support/twin-bench.js';

const client = { brokers: ['localhost:9092'] };
const orders = kafkaBroker({ name: 'orders', groupId: 'g', client });
const billing = kafkaBroker({ name: 'billing', groupId: 'g', client });
const text = message('x', { key: 'k' });
const place = expect.stringMatching(/\[\d\]@0$/);

describe('a topic that a Kafka cluster would not make', () => {
  it('is none of the twin either: its name differs from another in dot and underscore alone', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const outcomes = [];
    for (const name of ['a.b', 'a_b', 'a-b', 'a.b_c', 'a.b.c']) {
      outcomes.push(...positions(await bench.publish(driver, orders.destination(name), text)));
    }
    const unknown = 'MULTI_BROKER_DESTINATION_UNKNOWN';
    expect(outcomes).toEqual([place, unknown, place, place, unknown]);
    await expect(bench.read(driver, [orders.source('fine'), orders.source('a_b')])).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
    });
  });

  it('is one of each broker by itself: two brokers may stand for two clusters', async () => {
    const bench = new TwinBench();
    const first = await bench.publish(await bench.connect(orders), orders.destination('a.b'), text);
    const second = await bench.publish(await bench.connect(billing), billing.destination('a_b'), text);
    expect([...positions(first), ...positions(second)]).toEqual([place, place]);
  });
});

describe("a cluster's own topics", () => {
  it('are not written to on the twin', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(orders);
    const outcomes = await bench.publish(driver, orders.destination('__consumer_offsets'), text, text);
    expect(outcomes).toEqual(
      Array.from({ length: 2 }, () => ({
        error: expect.objectContaining({ code: 'MULTI_BROKER_PUBLISH_REJECTED', written: 'no', retryable: false }),
      })),
    );
  });
});
