import { describe, expect, it } from '@jest/globals';
import type { StreamConfig } from '../../../lib/nats/driver/connection/jetstream-port.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';
import { twinManager } from '../../../lib/nats/twin/jetstream-manager.js';
import type { TwinServer } from '../../../lib/nats/twin/twin-server.js';
import { verdict } from '../../integration/nats/support.js';
import { range, results } from '../../support/nats/results.js';
import { TwinBench } from '../../support/twin-bench.js';

const events = natsBroker({ name: 'events', client: {} });
const to = events.destination(toStream('orders.new'));

/** The promises of test/integration/nats/stream-ingest.spec.ts, on such a stream of the twin. */
async function withStream(config: Partial<StreamConfig> = {}) {
  const bench = new TwinBench();
  const driver = await bench.connect(events);
  const none = (): TwinServer => {
    throw new Error('the twin has no server');
  };
  const manager = twinManager(bench.shared('twin:nats', none), 'events');
  const batched = { name: 'ORDERS', subjects: ['orders.>'], allow_batched: true, ...config };
  await manager.streams.add(batched);
  const reader = await bench.read(driver, events.source(stream('ORDERS', { durable: 'd' })));
  const stored = (): number[] => reader.texts.map((text) => Number((JSON.parse(text) as { n: string }).n));
  return { bench, driver, manager, stored };
}

describe('results for a stream of the NATS twin with allow_batched', () => {
  it('are stored in order, and the stream’s info says that it has it', async () => {
    const { bench, driver, manager, stored } = await withStream();
    const outcomes = await bench.publish(driver, to, ...results(100));
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['ok']));
    expect(stored()).toEqual(range(100));
    expect((await manager.streams.info('ORDERS')).config).toMatchObject({ allow_batched: true });
  });

  it('are taken by one that a source has created, too', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const options = { durable: 'd', subjects: ['orders.>'], allowBatched: true };
    const reader = await bench.read(driver, events.source(stream('ORDERS', options)));
    await bench.read(driver, events.source(stream('ORDERS', { ...options, durable: 'other' })));
    const outcomes = await bench.publish(driver, to, ...results(100));
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['ok']));
    expect(reader.texts.length).toBe(100);
  });

  it('are stored once where their ids are known, and the others among them all the same', async () => {
    const { bench, driver, stored } = await withStream();
    await bench.publish(driver, to, ...results(20, 10));
    const outcomes = await bench.publish(driver, to, ...results(40));
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['ok']));
    expect(stored()).toEqual([...range(30).slice(10), ...range(10), ...range(40).slice(30)]);
  });

  it('fail alone where one is too large', async () => {
    const { bench, driver, stored } = await withStream();
    const outcomes = await bench.publish(driver, to, ...results(40, 0, [20], 1_100_000));
    expect(outcomes.map(verdict).filter((said) => said !== 'ok')).toEqual(['MULTI_BROKER_PAYLOAD_TOO_LARGE no']);
    expect(stored()).toEqual(range(40).filter((number) => number !== 20));
  });

  it('are refused from the first one on that does not fit, and nothing overtakes it', async () => {
    const discard = 'new' as NonNullable<StreamConfig['discard']>;
    const { bench, driver, stored } = await withStream({ max_msgs: 20, discard });
    const outcomes = await bench.publish(driver, to, ...results(40));
    expect(outcomes.map(verdict)).toEqual([
      ...Array<string>(20).fill('ok'),
      'MULTI_BROKER_PUBLISH_REJECTED no',
      ...Array<string>(19).fill('MULTI_BROKER_NOT_CONNECTED no'),
    ]);
    expect(stored()).toEqual(range(20));
  });
});
