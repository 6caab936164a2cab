import { describe, expect, it } from '@jest/globals';
import { seeded } from '../../../lib/twin/index.js';
import { open } from '../../support/delivery-rig.js';
import { FakeMessage, type LaneFields } from '../../support/fake-lane.js';
import { keyed, of, sharedBatchRig, type Sharer, typed } from '../../support/shared-batch-rig.js';
import { turns } from '../../support/turns.js';

const acks = (...bodies: readonly string[]) => bodies.map((body) => `${body} ack`);
const failing = (): never => {
  throw new Error('no');
};

describe('handlers that share a source, one with batch', () => {
  it('a batch takes the messages of its handler from among those of others, each of which is called alone', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch: { maxSize: 10 } }, rest: {} });
    void rig.take(...keyed('a1', 'b2', 'a3', 'b4', 'a5'));
    await turns();
    expect(calls).toEqual(['a a1,a3,a5', 'rest b2', 'rest b4']);
    expect(rig.lane.fates).toEqual(acks('a1', 'a3', 'a5', 'b2', 'b4'));
    expect(rig.counts).toMatchObject({ handled: 5, running: 0, unmatched: 0 });
  });

  it('each may have a batch, with limits of its own', async () => {
    const { rig, calls } = sharedBatchRig({
      a: { ...of('a'), batch: { maxSize: 2 } },
      b: { ...of('b'), batch: { maxSize: 10, maxBytes: 4 } },
    });
    void rig.take(...keyed('a1', 'b2', 'a3', 'b4', 'a5', 'b6', 'bbbbbb', 'a7'));
    await turns();
    expect(calls).toEqual(['a a1,a3', 'b b2,b4', 'a a5,a7', 'b b6', 'b bbbbbb']);
  });

  it('messages of one key are called in their order, whoever takes them', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch: { maxSize: 10 } }, rest: {} });
    const key = (body: string) => ({ key: body.slice(-1) });
    void rig.take(...typed(['a1x', 'a2y', 'b3x', 'a4y', 'a5x', 'a6y'], key));
    await turns();
    expect(calls).toEqual(['a a1x,a2y,a4y', 'rest b3x', 'a a5x,a6y']);
  });

  it('messages without a key are called in the order of the lane', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch: { maxSize: 10 } }, rest: {} });
    void rig.take(...typed(['a1', 'a2', 'b3', 'b4', 'a5', 'a6']));
    await turns();
    expect(calls).toEqual(['a a1,a2', 'rest b3', 'rest b4', 'a a5,a6']);
  });

  it('what nobody takes ends no batch', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch: { maxSize: 10 } } });
    void rig.take(...typed(['a1', 'x', 'a2']));
    await turns();
    expect([calls, rig.lane.fates]).toEqual([['a a1,a2'], acks('a1', 'a2', 'x')]);
    expect(rig.counts).toMatchObject({ handled: 2, unmatched: 1 });
  });

  it('each filter is asked once for a message, in the order of the handlers', async () => {
    const asked: string[] = [];
    const noting = (handler: string, type: string) => ({
      wants: async ({ body }: { body: Uint8Array | null }) => {
        const text = String(Buffer.from(body ?? []));
        asked.push(`${handler} ${text}`);
        return text.startsWith(type);
      },
    });
    const { rig, calls } = sharedBatchRig({
      a: { ...noting('a', 'a'), batch: { maxSize: 10 } },
      b: noting('b', 'b'),
      c: { batch: { maxSize: 10 } },
    });
    void rig.take(...keyed('a1', 'b2', 'c3', 'a4'));
    await turns();
    expect(asked).toEqual(['a a1', 'a b2', 'b b2', 'a c3', 'b c3', 'a a4']);
    expect(calls).toEqual(['a a1,a4', 'b b2', 'c c3']);
  });

  it('a payload that a filter has decoded is that of the call', async () => {
    const payloads: unknown[] = [];
    const { rig } = sharedBatchRig({
      a: {
        wants: (context) => {
          context.decoded('decoded');
          return true;
        },
        batch: { maxSize: 10, prepare: ({ message }) => void payloads.push(message.payload) },
      },
      rest: {},
    });
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    expect(payloads).toEqual(['decoded', 'decoded']);
  });
});

describe('a filter that takes long to decide', () => {
  it('is told with its message and those that wait behind it, and its lane goes on once it has decided', async () => {
    let decide: (takes: boolean) => void = () => undefined;
    const wants = () => new Promise<boolean>((resolve) => (decide = resolve));
    const { rig, calls } = sharedBatchRig({ a: { wants, batch: { maxSize: 10 } }, rest: {} });
    void rig.take(...keyed('a1', 'a2', 'a3'));
    await turns();
    rig.clock.advance(4_999);
    expect(rig.sink.notes).toEqual([]);
    rig.clock.advance(1);
    expect(rig.sink.notes).toEqual([
      expect.stringMatching(/a filter has been deciding who takes .* since .*; 2 message/),
    ]);
    for (let message = 0; message < 3; message++) {
      decide(true);
      await turns();
    }
    expect([calls, rig.sink.notes]).toEqual([['a a1,a2,a3'], []]);
  });
});

describe('a batch that waits for others', () => {
  const batch = { maxSize: 3, maxWaitMs: 1_000 };

  it('holds up no message of another key, and is called once it has waited long enough', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void rig.take(...keyed('a1', 'b2'));
    await turns();
    rig.clock.advance(900);
    void rig.take(...keyed('b3', 'a4'));
    await turns();
    expect([calls, rig.sink.moving]).toEqual([['rest b2', 'rest b3'], 0]);
    rig.clock.advance(100);
    await turns();
    expect(calls).toEqual(['rest b2', 'rest b3', 'a a1,a4']);
  });

  it('is called at once when it is full', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void rig.take(...keyed('a1', 'b2', 'a3'));
    await turns();
    void rig.take(...keyed('a4', 'a5'));
    await turns();
    expect(calls).toEqual(['rest b2', 'a a1,a3,a4']);
    rig.clock.advance(1_000);
    await turns();
    expect(calls.at(-1)).toBe('a a5');
  });

  it('waits no longer once a message of another handler has to come after it', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void rig.take(...typed(['a1', 'b2']));
    await turns();
    expect(calls).toEqual(['a a1', 'rest b2']);
  });

  it('waits no longer once the next message of its handler is in a further batch', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    const key = (body: string) => ({ key: body.slice(-1) });
    void rig.take(...typed(['a1x', 'b2y', 'a3y', 'a4z', 'a5w'], key));
    await turns();
    expect(calls).toEqual(['a a1x', 'rest b2y', 'a a3y,a4z,a5w']);
  });

  it('waits by the time of its own handler, beside the batch of another one', async () => {
    const { rig, calls } = sharedBatchRig({
      slow: { ...of('a'), batch },
      quick: { ...of('b'), batch: { maxSize: 3, maxWaitMs: 100 } },
    });
    void rig.take(...keyed('a1', 'b2'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(calls).toEqual(['quick b2']);
    rig.clock.advance(900);
    await turns();
    expect(calls).toEqual(['quick b2', 'slow a1']);
  });

  it('on Kafka lets no more than 500 messages pass, as a crash repeats them', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch: { maxSize: 10, maxWaitMs: 60_000 } }, rest: {} });
    const many = (from: number) => keyed(...Array.from({ length: 300 }, (_, place) => `b${String(from + place)}`));
    void rig.take(...keyed('a1'), ...many(0));
    await turns(400);
    expect(calls.filter((call) => call.startsWith('a'))).toEqual([]);
    void rig.take(...many(300));
    await turns(400);
    expect([calls.length, calls.indexOf('a a1')]).toEqual([601, 500]);
  });

  it('counts for its handler while it waits', async () => {
    const { rig } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    const [a, rest] = rig.binding.takers!.map(({ binding }) => rig.sink.takenOf(binding));
    expect([a, rest, rig.sink.taken]).toEqual([2, 0, 2]);
  });
});

describe('failures', () => {
  it('a filter that throws fails its message alone, which nothing passes; the next call asks all filters anew', async () => {
    let left = 1;
    const wants = (context: { body: Uint8Array | null }): boolean => {
      if (String(Buffer.from(context.body ?? [])) === 'a2' && left-- > 0) failing();
      return true;
    };
    const { rig, calls } = sharedBatchRig({ a: { wants, batch: { maxSize: 10 } }, rest: {} });
    void rig.take(...keyed('a1', 'a2', 'a3'));
    await turns();
    expect([calls, rig.counts.failed]).toEqual([['a a1'], 1]);
    rig.clock.advance(100);
    await turns();
    expect(calls).toEqual(['a a1', 'a a2', 'a a3']);
    expect([rig.lane.fates.toSorted(), rig.counts.running]).toEqual([acks('a1', 'a2', 'a3'), 0]);
  });

  it('a batch that throws is halved, and the culprit is settled by the policy of its handler', async () => {
    const on = (bodies: readonly string[]) => (bodies.includes('a3') ? failing() : undefined);
    const { rig, calls } = sharedBatchRig({
      a: { ...of('a'), ack: 'reject-on-error', retry: ONCE, batch: { maxSize: 10 }, on },
      rest: {},
    });
    void rig.take(...keyed('a1', 'b2', 'a3', 'a4', 'a5'));
    await turns();
    expect(calls).toEqual(['a a1,a3,a4,a5', 'a a1,a3', 'a a1', 'a a4,a5', 'rest b2']);
    expect(rig.lane.fates.toSorted()).toEqual(['a1 ack', 'a3 reject', 'a4 ack', 'a5 ack', 'b2 ack']);
    expect(rig.counts).toMatchObject({ running: 0, handled: 4, rejected: 1 });
  });

  it('a message of a batch that is held holds all that are behind it, whoever takes them', async () => {
    let fails = true;
    const on = (bodies: readonly string[]) => (fails && bodies.includes('a1') ? failing() : undefined);
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), retry: ONCE, batch: { maxSize: 10 }, on }, rest: {} });
    void rig.take(...keyed('a1', 'b2'));
    await turns();
    fails = false;
    expect(calls).toEqual(['a a1']);
    rig.clock.advance(1_000);
    await turns();
    expect(calls).toEqual(['a a1', 'a a1', 'rest b2']);
  });

  it('failures that a call names are called together again', async () => {
    let left = 1;
    const on = (bodies: readonly string[]) =>
      left-- > 0
        ? { ofEach: [], failures: new Map(bodies.slice(1).map((_, place) => [place + 1, new Error('no')])) }
        : undefined;
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch: { maxSize: 10 }, on }, rest: {} });
    void rig.take(...keyed('a1', 'a2', 'b3', 'a4'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(calls).toEqual(['a a1,a2,a4', 'a a2,a4', 'rest b3']);
  });
});

const ONCE = { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 };

describe('a lane that is shared with a batch', () => {
  const batch = { maxSize: 10, maxWaitMs: 1_000 };

  it('that is paused ends the wait, and a resume begins it again', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void rig.take(...keyed('a1'));
    await turns();
    rig.sink.pause();
    await turns();
    rig.clock.advance(1_000);
    await turns();
    expect([calls, rig.clock.pending()]).toEqual([[], []]);
    rig.sink.resume();
    await turns();
    expect(calls).toEqual(['a a1']);
  });

  it('gives back at a pause what waits, where the server redelivers', async () => {
    const { rig } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} }, { lane: SERVER });
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    rig.sink.pause();
    await turns();
    expect(rig.lane.settled.map(({ position, how }) => [position, how])).toEqual(
      ['a1', 'a2'].map((position) => [position, { redeliverInMs: 0 }]),
    );
    expect(rig.sink.taken).toBe(0);
  });

  it('gives back a message whose filter is still being asked at a pause, and handles it once', async () => {
    const asking = open<boolean>();
    const { rig, calls } = sharedBatchRig({ a: { wants: () => asking.promise, batch }, rest: {} }, { lane: SERVER });
    void rig.take(...keyed('a1'));
    await turns();
    expect(rig.sink.moving).toBe(1);
    rig.sink.pause();
    asking.resolve(true);
    rig.sink.resume();
    await turns();
    rig.clock.advance(1_000);
    await turns();
    expect([calls, rig.lane.fates, rig.sink.taken]).toEqual([[], ['a1 0'], 0]);
  });

  it('that is stopped handles what is not redelivered at once, and nothing else', async () => {
    const none = { redelivery: 'none', backpressure: false } as const;
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} }, { lane: none });
    void rig.take(...keyed('a1', 'b2', 'a3'));
    await turns();
    rig.sink.stopCalling();
    await rig.sink.drained();
    expect([calls, rig.lane.fates.toSorted()]).toEqual([['rest b2', 'a a1,a3'], acks('a1', 'a3', 'b2')]);
    const kept = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void kept.rig.take(...keyed('a1'));
    await turns();
    kept.rig.sink.stopCalling();
    await kept.rig.sink.drained();
    expect([kept.calls, kept.rig.lane.fates, kept.rig.clock.pending()]).toEqual([[], [], []]);
  });

  it('that is lost ends the wait, and nothing is handled', async () => {
    const { rig, calls } = sharedBatchRig({ a: { ...of('a'), batch }, rest: {} });
    void rig.take(...keyed('a1'));
    await turns();
    rig.lane.lose();
    rig.clock.advance(1_000);
    await turns();
    expect([calls, rig.lane.fates, rig.clock.pending(), rig.sink.taken]).toEqual([[], [], [], 0]);
  });

  it('extends the leases of those that wait for others, while other handlers run', async () => {
    const running = open();
    const { rig, calls } = sharedBatchRig(
      { a: { ...of('a'), batch: { maxSize: 10, maxWaitMs: 60_000 } }, rest: { on: () => running.promise } },
      { lane: SERVER },
    );
    void rig.take(...keyed('a1', 'b2'));
    await turns();
    rig.clock.advance(10_000);
    expect(rig.lane.extended.toSorted()).toEqual(['a1', 'b2']);
    running.resolve();
    await turns();
    for (let look = 0; look < 4; look++) rig.clock.advance(10_000);
    expect(rig.lane.settled.map(({ position }) => position)).toEqual(['b2']);
    rig.clock.advance(10_000);
    await turns();
    expect(calls).toEqual(['rest b2', 'a a1']);
  });
});

const SERVER = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 1_000 } as const;

describe('the handler that takes a batch', () => {
  it('decides how it is acked', async () => {
    const running = open();
    const { rig } = sharedBatchRig({
      first: { ...of('a'), ack: 'ack-first', batch: { maxSize: 10 }, on: () => running.promise },
      manual: { ...of('b'), ack: 'manual', batch: { maxSize: 10 } },
      rest: {},
    });
    void rig.take(...keyed('a1', 'b2', 'a3', 'c4'));
    await turns();
    expect(rig.lane.fates).toEqual(acks('a1', 'a3'));
    running.resolve();
    await turns();
    expect(rig.lane.fates).toEqual(acks('a1', 'a3', 'c4'));
  });

  it('publishes by its own publishers, and answers no request that another handler would', async () => {
    const asked = (body: string) => ({ replyTo: 'inbox', key: body });
    const { rig, calls } = sharedBatchRig(
      {
        a: {
          ...of('a'),
          reply: false,
          routes: [{ broker: 'out', destination: 'q' }],
          batch: { maxSize: 10 },
          on: (bodies) => ({ ofEach: bodies.map((body) => ({ payload: body })) }),
        },
        rest: { on: () => ({ payload: 'answer' }) },
      },
      { lane: { redelivery: 'none', backpressure: false } },
    );
    void rig.take(...typed(['a1', 'x2', 'a3', 'x4'], asked));
    await turns();
    expect(calls.toSorted()).toEqual(['a a1,a3', 'rest x2', 'rest x4']);
    expect([rig.drivers.out.written, rig.drivers.in.written]).toEqual([
      ['a1', 'a3'],
      ['answer', 'answer'],
    ]);
  });
});

const KEYS = ['x', 'y', 'z', undefined];

/** Messages `a0` to `c59` with few keys, and handlers of `a` in batches, of `b` alone and of `c` in other batches. */
function scenario(seed: number, lane: LaneFields = { redelivery: 'in-place' }) {
  const random = seeded(seed);
  const flaky = (share: number): undefined => {
    if (random(100) < share) throw new Error('no');
    return undefined;
  };
  const sent = Array.from({ length: 60 }, (_, place) => ({
    body: `${'abc'[random(3)] ?? ''}${String(place)}`,
    key: KEYS[random(seed % 3 === 0 ? 3 : 4)],
  }));
  const sharer = (type: string, batch?: Sharer['batch']): Sharer => ({
    ...(batch && { batch }),
    wants: (context) => {
      flaky(5);
      const wanted = of(type).wants?.(context) ?? false;
      return random(10) < 3 ? Promise.resolve(wanted) : wanted;
    },
    on: async () => {
      if (random(10) < 5) await turns(1);
      return flaky(15);
    },
  });
  const wait = (): number => (random(2) === 0 ? 0 : 100);
  const a = sharer('a', { maxSize: 1 + random(10), maxWaitMs: wait() });
  const c = sharer('c', { maxSize: 1 + random(5), maxWaitMs: wait() });
  return { random, sent, ...sharedBatchRig({ a, b: sharer('b'), c }, { lane }) };
}

/** In which order messages were called first. */
function firstCalls(calls: readonly string[]): readonly string[] {
  return [...new Set(calls.flatMap((call) => call.slice(2).split(',')))];
}

it.each(Array.from({ length: 60 }, (_, seed) => seed + 1))(
  'whatever fails, each message is handled by its handler, in the order of handler and key, and settled once: seed %i',
  async (seed) => {
    const { rig, calls, sent, random } = scenario(seed);
    for (let at = 0; at < sent.length; at += 10) {
      void rig.take(...sent.slice(at, at + 10).map(({ body, key }) => new FakeMessage({ body, key })));
      if (random(2) === 0) await turns(2);
    }
    for (let step = 0; step < 1_000 && rig.sink.taken > 0; step++) {
      if (rig.clock.nextAt() < Infinity) rig.clock.next();
      await turns(3);
    }
    for (const call of calls) for (const body of call.slice(2).split(',')) expect(body[0]).toBe(call[0]);
    expect(rig.lane.fates.toSorted()).toEqual(sent.map(({ body }) => `${body} ack`).toSorted());
    expect(rig.counts).toMatchObject({ running: 0, handled: sent.length });
    const first = firstCalls(calls);
    const inOrder = (kept: (one: (typeof sent)[number]) => boolean): void => {
      const wanted = sent.filter(kept).map(({ body }) => body);
      expect(first.filter((body) => wanted.includes(body))).toEqual(wanted);
    };
    for (const type of 'abc') inOrder(({ body }) => body.startsWith(type));
    for (const key of KEYS) inOrder((one) => one.key === key);
  },
);

/** A server that redelivers what its lane has handed back, with a higher count; returns how many these were. */
function redelivering({ rig, sent }: ReturnType<typeof scenario>) {
  const deliveries = new Map<string, number>();
  let seen = 0;
  return (): number => {
    const back = rig.lane.settled.slice(seen).filter(({ how }) => typeof how === 'object');
    seen = rig.lane.settled.length;
    const again = back.map(({ position }) => {
      const deliveryCount = (deliveries.get(position) ?? 1) + 1;
      deliveries.set(position, deliveryCount);
      const key = sent.find(({ body }) => body === position)?.key;
      return new FakeMessage({ body: position, deliveryCount, ...(key !== undefined && { key }) });
    });
    if (again.length > 0) void rig.take(...again);
    return again.length;
  };
}

it.each(Array.from({ length: 60 }, (_, seed) => seed + 1))(
  'whatever fails on a lane that the server redelivers, each message is handled by its handler and acked once: seed %i',
  async (seed) => {
    const made = scenario(seed, { redelivery: 'server', maxPrefetch: 40, leaseMs: 30_000 });
    const { rig, calls, sent, random } = made;
    const redeliver = redelivering(made);
    for (let at = 0; at < sent.length; at += 10) {
      void rig.take(...sent.slice(at, at + 10).map(({ body, key }) => new FakeMessage({ body, key })));
      if (random(2) === 0) await turns(2);
    }
    const acked = (): string[] => rig.lane.fates.filter((fate) => fate.endsWith(' ack'));
    let redelivered = 0;
    for (let step = 0; step < 2_000 && acked().length < sent.length; step++) {
      redelivered += redeliver();
      if (rig.clock.nextAt() < Infinity) rig.clock.next();
      await turns(3);
    }
    for (const call of calls) for (const body of call.slice(2).split(',')) expect(body[0]).toBe(call[0]);
    expect(redelivered).toBeGreaterThan(0);
    expect(acked().toSorted()).toEqual(sent.map(({ body }) => `${body} ack`).toSorted());
    expect([rig.counts, rig.sink.taken]).toMatchObject([{ running: 0, handled: sent.length }, 0]);
  },
);
