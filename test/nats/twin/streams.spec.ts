import { describe, expect, it } from '@jest/globals';
import type { SourceSpec } from '../../../lib/driver/index.js';
import { natsBroker, stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { twinManager } from '../../../lib/nats/twin/jetstream-manager.js';
import type { TwinServer } from '../../../lib/nats/twin/twin-server.js';
import { seeded } from '../../../lib/twin/index.js';
import { message, positions, TwinBench } from '../../support/twin-bench.js';

const events = natsBroker({ name: 'events', client: {} });
const orders = (options: Partial<StreamOptions> = {}): SourceSpec =>
  events.source(stream('ORDERS', { subjects: ['orders.>'], durable: 'd', ...options }));
const to = events.destination(toStream('orders.new'));
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`);

const missing = (): TwinServer => {
  throw new Error('Nobody has made it');
};

describe('streams of the NATS twin', () => {
  it('keep what is published to their subjects, by either way, and core subscribers see it too', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const core = await bench.read(driver, events.source('orders.*'));
    const reader = await bench.read(driver, orders());
    const outcomes = await bench.publish(driver, to, 'confirmed');
    const plain = await bench.publish(driver, events.destination('orders.new'), 'core');
    expect([positions(outcomes), plain]).toEqual([['ORDERS@1'], [{ receipt: {} }]]);
    expect(reader.texts).toEqual(['confirmed', 'core']);
    expect(core.texts).toEqual(['confirmed', 'core']);
    expect(reader.got[1]!.message.raw).toMatchObject({ stream: 'ORDERS', seq: 2, subject: 'orders.new' });
  });

  it('are created before those are read that name no subjects', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reads = events.source(stream('ORDERS', { durable: 'reads' }));
    const reader = await bench.read(driver, [reads, orders()]);
    await bench.publish(driver, to, 'one');
    expect(reader.texts).toEqual(['one', 'one']);
  });

  it('have consumers whose info tells how far they are', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders(), () => undefined);
    await bench.publish(driver, to, 'one', 'two', 'three');
    const [, two, three] = reader.got;
    two!.lane.settle(two!.message, 'ack');
    three!.lane.settle(three!.message, { redeliverInMs: 1_000 });
    const manager = twinManager(bench.shared('twin:nats', missing), 'events');
    const info = await manager.consumers.info('ORDERS', 'd');
    expect(info).toMatchObject({ delivered: { stream_seq: 3 }, ack_floor: { stream_seq: 0 }, num_ack_pending: 2 });
    await reader.leave();
    await bench.publish(driver, to, 'four');
    expect(await manager.consumers.info('ORDERS', 'd')).toMatchObject({ num_pending: 1 });
    expect(await manager.streams.info('ORDERS')).toMatchObject({ state: { last_seq: 4 } });
  });

  it.each([
    [{}, 250],
    [{ maxAckPending: 40 }, 10],
    [{ maxDeliver: 3 }, 0],
  ])('let %j wait for their handler as the driver does: at most %i messages', async (options, most) => {
    const bench = new TwinBench();
    const reader = await bench.read(await bench.connect(events), orders(options));
    expect(reader.lanes[0]!.maxPrefetch).toBe(most);
  });

  it('rest while a reader asks for nothing, and hand over what is there once it does', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders());
    reader.lanes[0]!.demand!(0);
    await bench.publish(driver, to, 'one', 'two');
    expect([bench.turns.busy, reader.texts]).toEqual([false, []]);
    reader.lanes[0]!.demand!(2);
    await bench.turns.idle();
    expect(reader.texts).toEqual(['one', 'two']);
  });

  it('take nothing behind what they refuse for want of room, though it would fit: it comes again in its order', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders({ maxBytes: 1_000, discard: 'new' }), () => undefined);
    const outcomes = await bench.publish(driver, to, 'a', 'b'.repeat(2_000), 'c');
    expect([positions(outcomes), outcomes.slice(1)]).toMatchObject([
      ['ORDERS@1', 'MULTI_BROKER_PUBLISH_REJECTED', 'MULTI_BROKER_NOT_CONNECTED'],
      [{ error: { retryable: true } }, { error: { retryable: true, written: 'no' } }],
    ]);
  });

  it('are not made by a publish', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const outcomes = await bench.publish(driver, to, 'nobody keeps it');
    expect(outcomes).toMatchObject([
      { error: { code: 'MULTI_BROKER_DESTINATION_UNKNOWN', written: 'no', retryable: false } },
    ]);
  });

  it('refuse a message that is meant for another stream', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders());
    const meant = events.destination(toStream('orders.new', { stream: 'OTHERS' }));
    expect(positions(await bench.publish(driver, meant, 'x'))).toEqual(['MULTI_BROKER_PUBLISH_REJECTED']);
  });

  it.each<[string, Partial<StreamOptions>, string]>([
    ['other subjects', { subjects: ['others'] }, 'MULTI_BROKER_STREAM_MISMATCH'],
    ['another storage', { storage: 'memory' }, 'MULTI_BROKER_STREAM_MISMATCH'],
    ['fast ingest', { allowBatched: true }, 'MULTI_BROKER_STREAM_MISMATCH'],
    ['another window', { duplicateWindowMs: 1 }, 'MULTI_BROKER_STREAM_MISMATCH'],
    ['another filter of the durable', { filter: 'orders.eu' }, 'MULTI_BROKER_STREAM_MISMATCH'],
    ['another ack wait of the durable', { ackWaitMs: 7 }, 'MULTI_BROKER_STREAM_MISMATCH'],
    ['a filter that matches none of its subjects', { filter: 'x', durable: 'e' }, 'MULTI_BROKER_STREAM_MISMATCH'],
  ])('that exist with %s are not altered: the source is refused', async (_, options, code) => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders());
    await expect(bench.read(driver, orders(options))).rejects.toMatchObject({ code });
  });

  it('are not made on subjects that another has, nor without subjects', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders());
    const overlapping = events.source(stream('MORE', { subjects: ['orders.eu'], durable: 'd' }));
    await expect(bench.read(driver, overlapping)).rejects.toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
    const missing = events.source(stream('MISSING', { durable: 'd' }));
    await expect(bench.read(driver, missing)).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
  });

  it('take a second message of one id for the first, for as long as their window', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders({ duplicateWindowMs: 1_000 }));
    const publish = async (text: string) => (await bench.publish(driver, to, message(text, { dedupeId: 'id' })))[0];
    expect(await publish('first')).toEqual({ receipt: { position: 'ORDERS@1' } });
    await bench.advance(999);
    expect(await publish('in the window')).toEqual({ receipt: { position: 'ORDERS@1', duplicate: true } });
    // The repeat did not refresh it.
    await bench.advance(1);
    expect(await publish('after it')).toEqual({ receipt: { position: 'ORDERS@2' } });
    expect(reader.texts).toEqual(['first', 'after it']);
  });
});

describe('a durable consumer of the NATS twin', () => {
  it('begins with all that is kept, or with what comes, and reads by its filter', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, orders());
    await bench.publish(driver, to, 'old');
    const all = await bench.read(driver, orders({ durable: 'all' }));
    const fresh = await bench.read(driver, orders({ durable: 'new', deliver: 'new' }));
    const eu = await bench.read(driver, orders({ durable: 'eu', filter: 'orders.*.eu' }));
    await bench.publish(driver, events.destination(toStream('orders.x.eu')), 'eu');
    expect([all.texts, fresh.texts, eu.texts]).toEqual([['old', 'eu'], ['eu'], ['eu']]);
    expect(eu.got[0]!.message.params).toEqual({ '0': 'x' });
  });

  it('gives what the wildcards of its only subject stand for where it has no filter, as the driver does', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const one = await bench.read(driver, orders());
    const two = await bench.read(driver, events.source(stream('TWO', { subjects: ['a.*', 'b.*'], durable: 'd' })));
    await bench.publish(driver, events.destination(toStream('orders.x.eu')), 'one');
    await bench.publish(driver, events.destination(toStream('a.x')), 'two');
    expect(one.got[0]!.message.params).toEqual({ '0': 'x.eu' });
    expect(two.got[0]!.message.params).toBeUndefined();
  });

  it('belongs to its broker: one durable on two brokers is two, and each sees every message', async () => {
    const bench = new TwinBench();
    const others = natsBroker({ name: 'others', client: {} });
    const driver = await bench.connect(events);
    const one = await bench.read(driver, orders());
    const same = others.source(stream('ORDERS', { subjects: ['orders.>'], durable: 'd' }));
    const other = await bench.read(await bench.connect(others), same);
    await bench.publish(driver, to, ...numbered(4));
    expect([one.texts, other.texts]).toEqual([numbered(4), numbered(4)]);
  });

  it('shares its messages among its readers, alike', async () => {
    const bench = new TwinBench();
    const one = await bench.read(await bench.connect(events), orders());
    const driver = await bench.connect(events);
    const two = await bench.read(driver, orders());
    await bench.publish(driver, to, ...numbered(10));
    for (const text of ['x', 'y']) await bench.publish(driver, to, text);
    expect([one.got.length, two.got.length]).toEqual([6, 6]);
    expect([...one.texts, ...two.texts].sort()).toEqual([...numbered(10), 'x', 'y'].sort());
  });

  it('shares them as a seed draws it, each message to one reader', async () => {
    const shares = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const bench = new TwinBench(seeded(seed));
      const driver = await bench.connect(events);
      const [one, two] = [await bench.read(driver, orders()), await bench.read(driver, orders())];
      for (const text of numbered(9)) await bench.publish(driver, to, text);
      expect([...one.texts, ...two.texts].sort()).toEqual(numbered(9));
      shares.add(one.texts.join());
    }
    expect(shares.size).toBeGreaterThan(5);
  });

  it('brings a message again after its delay, counted, while those behind it go on', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders(), ({ text, message: got }) =>
      text === 'm1' && got.deliveryCount < 3 ? { redeliverInMs: got.deliveryCount * 100 } : 'ack',
    );
    await bench.publish(driver, to, ...numbered(3));
    expect(reader.texts).toEqual(['m0', 'm1', 'm2']);
    await bench.advance(99);
    expect(reader.got).toHaveLength(3);
    await bench.advance(1);
    await bench.advance(200);
    const repeats = reader.got.filter(({ text }) => text === 'm1').map(({ message: got }) => got);
    expect(repeats.map(({ deliveryCount: deliveries }) => deliveries)).toEqual([1, 2, 3]);
    expect(new Set(repeats.map(({ position }) => position)).size).toBe(1);
    expect(bench.clock.pending()).toEqual([]);
  });

  it('does not bring again what was rejected', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders(), () => 'reject');
    await bench.publish(driver, to, 'bad');
    await bench.advance(3_600_000);
    expect(reader.texts).toEqual(['bad']);
  });

  it('waits for an ack as long as its lease: then the copy is swallowed by who still works on it', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders({ ackWaitMs: 1_000 }), () => undefined);
    await bench.publish(driver, to, 'slow');
    await bench.advance(3_500);
    expect(reader.texts).toEqual(['slow']);
    const { lane, message: got } = reader.got[0]!;
    lane.settle(got, 'ack');
    await bench.advance(3_600_000);
    expect(reader.texts).toEqual(['slow']);
    expect(bench.clock.pending()).toEqual([]);
  });

  it('holds back at its limit of unsettled messages, those that wait to come again included', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, orders({ maxAckPending: 3 }), ({ text }) =>
      text === 'm0' ? { redeliverInMs: 1_000 } : undefined,
    );
    await bench.publish(driver, to, ...numbered(6));
    expect(reader.texts).toEqual(['m0', 'm1', 'm2']);
    const { lane, message: got } = reader.got[1]!;
    lane.settle(got, 'ack');
    await bench.turns.idle();
    expect(reader.texts).toEqual(['m0', 'm1', 'm2', 'm3']);
  });

  it('gives what its reader leaves unsettled to the next one, before anything new', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const one = await bench.read(driver, orders(), ({ text }) => (text === 'm1' ? 'ack' : undefined));
    await bench.publish(driver, to, ...numbered(3));
    await one.leave();
    await bench.publish(driver, to, 'new');
    const two = await bench.read(driver, orders());
    expect(two.texts).toEqual(['m0', 'm2', 'new']);
    expect(two.got.map(({ message: got }) => got.deliveryCount)).toEqual([2, 2, 1]);
  });
});
