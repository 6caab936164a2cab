import { describe, expect, it } from '@jest/globals';
import { natsBroker, stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { TwinStream } from '../../../lib/nats/twin/twin-stream.js';
import { store, VirtualClock } from '../../../lib/twin/index.js';
import { TwinBench } from '../../support/twin-bench.js';

const events = natsBroker({ name: 'events', client: {} });
const orders = (options: Partial<StreamOptions> = {}) =>
  events.source(stream('ORDERS', { subjects: ['orders.>'], durable: 'd', ...options }));
const to = events.destination(toStream('orders.new'));

describe('what a stream of the NATS twin keeps', () => {
  it('is bounded without limits too: a million messages with nobody behind', () => {
    const kept = new TwinStream({ name: 'S', subjects: ['s'] }, new VirtualClock(0));
    for (let i = 0; i < 1_000_000; i++) kept.append(store('s', { body: null }, 0));
    expect([kept.log.size, kept.log.end]).toEqual([10_000, 1_000_001]);
  });

  it('holds, without limits, everything that a consumer has not settled', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders({ maxAckPending: 1 }), () => undefined);
    await reader.leave();
    await bench.publish(driver, to, ...Array.from({ length: 12_000 }, (_, i) => `m${i}`));
    const next = await bench.read(driver, orders({ maxAckPending: 1 }));
    expect([next.got.length, next.texts[0]]).toEqual([12_000, 'm0']);
  });

  it('is no more than maxMessages, the oldest gone', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders({ maxMessages: 2 }));
    await bench.publish(driver, to, 'a', 'b', 'c');
    const late = await bench.read(driver, orders({ durable: 'late' }));
    expect(late.texts).toEqual(['b', 'c']);
  });

  it('is no older than maxAgeMs, what waits to come again included', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders({ maxAgeMs: 1_000 }), () => ({ againInMs: 2_000 }));
    await bench.publish(driver, to, 'old');
    await bench.advance(999);
    expect((await bench.read(driver, orders({ durable: 'in-time' }))).texts).toEqual(['old']);
    await bench.advance(5_000);
    expect(reader.texts).toEqual(['old']);
  });

  it.each([{ maxMessages: 3 }, { maxAgeMs: 500 }])('is not altered by a source that says %j', async (options) => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders());
    await expect(bench.read(driver, orders(options))).rejects.toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
  });
});
