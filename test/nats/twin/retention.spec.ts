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

  it('is bounded by bytes too', () => {
    const kept = new TwinStream({ name: 'S', subjects: ['s'] }, new VirtualClock(0));
    for (let i = 0; i < 100; i++) kept.append(store('s', { body: Buffer.alloc(1_048_576) }, 0));
    expect([kept.log.size, kept.log.end]).toEqual([63, 101]);
  });

  it('is bounded behind a durable that nobody reads: what it has yet to settle is kept, and the new is refused', () => {
    const kept = new TwinStream({ name: 'S', subjects: ['s'] }, new VirtualClock(0));
    kept.addConsumer('events', { durable_name: 'abandoned' });
    for (let i = 0; i < 100_000; i++) kept.append(store('s', { body: null }, 0));
    expect(kept.append(store('s', { body: null }, 0))).toEqual({
      error: { code: 503, err_code: 10_077, description: expect.stringMatching(/100000 messages.*'abandoned'/) },
    });
    expect([kept.log.size, kept.log.first, kept.log.end]).toEqual([100_000, 1, 100_001]);
  });

  it('is bounded so by bytes too, and by age alone', () => {
    const kept = new TwinStream({ name: 'S', subjects: ['s'], max_age: 1e9 }, new VirtualClock(0));
    kept.addConsumer('events', { durable_name: 'abandoned' });
    const large = store('s', { body: Buffer.alloc(1_048_576) }, 0);
    for (let i = 0; i < 100; i++) kept.append(large);
    expect(kept.log.size).toBe(63);
  });

  it('takes what is published once its durable is read again, and tells the publisher what to do until then', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders(), () => undefined);
    await reader.leave();
    const many = Array.from({ length: 100_000 }, () => 'm');
    await bench.publish(driver, to, ...many);
    expect(await driver.publish(to, [{ body: Buffer.from('late') }])).toMatchObject([
      {
        error: {
          code: 'MULTI_BROKER_PUBLISH_REJECTED',
          retryable: true,
          message: expect.stringMatching(/durable 'd'.*maxMessages/),
        },
      },
    ]);
    await bench.read(driver, orders());
    expect(await driver.publish(to, [{ body: Buffer.from('late') }])).toMatchObject([{ receipt: {} }]);
  });

  it('forgets the oldest dedupe ids of a window that no clock moves on', () => {
    const kept = new TwinStream({ name: 'S', subjects: ['s'] }, new VirtualClock(0));
    const publish = (id: number) => kept.append(store('s', { body: null, headers: { 'Nats-Msg-Id': String(id) } }, 0));
    for (let id = 0; id <= 100_000; id++) publish(id);
    expect(publish(1)).toMatchObject({ duplicate: true });
    expect(publish(0)).toMatchObject({ duplicate: false });
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
    const reader = await bench.read(driver, orders({ maxAgeMs: 1_000 }), () => ({ redeliverInMs: 2_000 }));
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
