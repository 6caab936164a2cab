import { describe, expect, it } from '@jest/globals';
import { tracingChannel } from 'node:diagnostics_channel';
import type { Binding, DeliveryContext, DeliveryTrace } from '../../lib/delivery/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { aSource, FakeMessage } from '../support/fake-lane.js';
import { sideBySide } from '../support/side-by-side.js';
import { turns } from '../support/turns.js';

interface Sharer extends Partial<Binding> {
  readonly wants?: (context: DeliveryContext) => boolean | PromiseLike<boolean>;
}

/** Handlers of one source, by name. Each notes its name and the body of what it gets. */
function shared(sharers: Readonly<Record<string, Sharer>>, { binding, ...options }: RigOptions = {}) {
  const calls: string[] = [];
  const takers = Object.entries(sharers).map(([handler, { wants = () => true, handle = () => undefined, ...own }]) => {
    const ack = { ack: 'nack-on-error' as const, retry: RETRY, routes: [], targets: [] };
    const noting = (context: DeliveryContext): unknown => {
      calls.push(`${handler} ${String(Buffer.from(context.body ?? []))} ${String(context.message.attempt)}`);
      return handle(context);
    };
    return { binding: { handler, broker: 'in', source: aSource, ...ack, ...own, handle: noting }, wants };
  });
  const rig = new Rig({ ...options, binding: { handler: 'all', filter: () => false, takers, ...binding } });
  return Object.assign(rig, { taken: calls });
}

const RETRY = { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };
const typed = (type: string) => ({ wants: ({ message }: DeliveryContext) => message.headers['type'] === type });
const message = (body: string, type = body, more = {}) =>
  new FakeMessage({ position: body, body, headers: { type }, ...more });
const failing = () => {
  throw new Error('no');
};
const failingOnce = () => {
  let left = 1;
  return () => {
    if (left-- > 0) throw new Error('no');
    return undefined;
  };
};

it('the first handler that wants a message takes it, in the order of the lane', async () => {
  const rig = shared({
    one: typed('a'),
    two: { wants: ({ message: { headers } }) => headers['type'] !== 'c' },
    rest: {},
  });
  void rig.take(...['a', 'c', 'b', 'a', 'c'].map((type, place) => message(String(place), type)));
  await turns();
  expect(rig.taken).toEqual(['one 0 1', 'rest 1 1', 'two 2 1', 'one 3 1', 'rest 4 1']);
  expect(rig.lane.fates).toEqual(['0 ack', '1 ack', '2 ack', '3 ack', '4 ack']);
  expect(rig.counts).toMatchObject({ handled: 5, unmatched: 0, running: 0 });
});

it('a filter that gives a promise is awaited, and keeps the order', async () => {
  const later = ({ message: { headers } }: DeliveryContext) => Promise.resolve(headers['type'] === 'a');
  const rig = shared({ one: { wants: later }, rest: {} });
  void rig.take(message('1', 'b'), message('2', 'a'));
  await turns();
  expect(rig.taken).toEqual(['rest 1 1', 'one 2 1']);
});

describe('a message that nobody takes', () => {
  it('is acked and counted, with a line of debug', async () => {
    const rig = shared({ one: typed('a') });
    void rig.take(message('x'), message('a'));
    await turns();
    expect([rig.taken, rig.lane.fates]).toEqual([['one a 1'], ['x ack', 'a ack']]);
    expect(rig.counts).toMatchObject({ handled: 1, unmatched: 1, rejected: 0 });
    expect(rig.log.lines).toEqual([expect.stringMatching(/^debug all on .*: acked, as no filter wanted it$/)]);
  });

  it("is rejected with unmatched: 'reject', at once and whatever the ack policy", async () => {
    const rig = shared({ one: typed('a') }, { binding: { unmatched: 'reject', ack: 'manual' } });
    void rig.take(message('x'));
    await turns();
    expect(rig.lane.fates).toEqual(['x reject']);
    expect(rig.counts).toMatchObject({ handled: 0, unmatched: 1, rejected: 1 });
    expect(rig.rejections.list()).toEqual([expect.stringContaining('was rejected: No filter of all takes a message')]);
  });

  it("is rejected with unmatched: 'reject' also where there is one handler", async () => {
    const rig = new Rig({ binding: { filter: () => false, unmatched: 'reject' } });
    void rig.take(message('x'));
    await turns();
    expect([rig.lane.fates, rig.calls]).toEqual([['x reject'], []]);
  });

  it('is not answered, where it is a request', async () => {
    const rig = shared({ one: typed('a') });
    void rig.take(message('x', 'x', { replyTo: 'inbox' }));
    await turns();
    expect(rig.drivers.in.written).toEqual([]);
  });
});

describe('the handler that takes a message', () => {
  it('decides how it is acked', async () => {
    const rig = shared(
      {
        first: { ...typed('first'), ack: 'ack-first', handle: failing, retry: { ...RETRY, attempts: 1 } },
        manual: { ...typed('manual'), ack: 'manual' },
        reject: { ack: 'reject-on-error', handle: failing, retry: { ...RETRY, attempts: 1 } },
      },
      { binding: { ack: 'manual' } },
    );
    void rig.take(message('first'), message('manual'), message('rest'));
    await turns();
    expect(rig.lane.fates).toEqual(['first ack', 'rest reject']);
  });

  it('is called again in place, with retries and attempts of its own', async () => {
    const rig = shared({
      one: { ...typed('a'), retry: { ...RETRY, attempts: 1 } },
      rest: { retry: { ...RETRY, attempts: 2 }, handle: failingOnce() },
    });
    void rig.take(message('x', 'x', { deliveryCount: 2 }), message('a'));
    await turns();
    expect(rig.taken).toEqual(['rest x 3']);
    rig.clock.advance(100);
    await turns();
    expect(rig.taken).toEqual(['rest x 3', 'rest x 4', 'one a 1']);
  });

  it('publishes by its own publishers, and no other', async () => {
    const rig = shared({
      one: { ...typed('a'), routes: [{ broker: 'out', destination: 'q' }], handle: () => ({ payload: 1 }) },
      rest: { routes: [{ broker: 'other', destination: 'r' }], handle: () => ({ payload: 2 }) },
    });
    void rig.take(message('a'), message('x'));
    await turns();
    expect(rig.drivers.out.written).toEqual(['1']);
    expect(rig.drivers.other.written).toEqual(['2']);
  });

  it('is the one that errors and health name', async () => {
    const rig = shared({ one: typed('a'), rest: { handle: failing, retry: { ...RETRY, attempts: 1 } } });
    void rig.take(message('x'));
    await turns();
    expect(rig.healthIssues.list().concat(rig.log.lines)).toEqual(
      expect.arrayContaining([expect.stringContaining('rest on ')]),
    );
    expect(rig.log.lines.join()).not.toContain('all on');
  });

  it('has its own time limit', async () => {
    const rig = shared({
      slow: { ...typed('a'), maxProcessingMs: 50, handle: () => new Promise(() => undefined) },
      rest: {},
    });
    void rig.take(message('a'));
    await turns();
    rig.clock.advance(60);
    expect(rig.log.lines).toEqual([expect.stringContaining('slow runs longer than 50 ms')]);
  });
});

describe('a filter that throws', () => {
  it('fails the message as its handler would, and the next call asks all filters anew', async () => {
    const fails = failingOnce();
    const wants = (): boolean => {
      fails();
      return false;
    };
    const rig = shared({ one: { wants }, rest: {} });
    void rig.take(message('x'), message('y'));
    await turns();
    expect([rig.taken, rig.counts.failed, rig.counts.running]).toEqual([[], 1, 0]);
    rig.clock.advance(100);
    await turns();
    expect([rig.taken, rig.lane.fates]).toEqual([
      ['rest x 2', 'rest y 1'],
      ['x ack', 'y ack'],
    ]);
  });

  it('fails it also where it rejects', async () => {
    const rig = shared({ one: { wants: () => Promise.reject(new Error('no')), ack: 'reject-on-error' }, rest: {} });
    void rig.take(message('x'));
    await turns();
    rig.clock.advance(100);
    await turns();
    rig.clock.advance(200);
    await turns();
    expect([rig.taken, rig.lane.fates, rig.counts.failed]).toEqual([[], ['x reject'], 3]);
  });

  it.each([
    ['nack-on-error', ['x 1000']],
    ['reject-on-error', ['x reject']],
    ['ack-first', ['x reject']],
    ['manual', []],
  ] as const)('is settled by the policy of its handler: %s', async (ack, fates) => {
    const retry = { ...RETRY, attempts: 1 };
    const rig = shared({ one: { wants: failing, ack, retry }, rest: {} }, { lane: { redelivery: 'server' } });
    void rig.take(message('x'));
    await turns();
    expect(rig.lane.fates).toEqual(fates);
  });
});

describe('requests', () => {
  const asked = (type: string) => message(type, type, { replyTo: 'inbox' });

  it('are answered by the handler that takes them', async () => {
    const rig = shared(
      { one: { ...typed('a'), handle: () => ({ payload: 'one' }) }, rest: { handle: () => ({ payload: 'rest' }) } },
      { lane: { redelivery: 'none' } },
    );
    void rig.take(asked('x'), asked('a'));
    await turns();
    expect(rig.drivers.in.written).toEqual(['rest', 'one']);
  });

  it('are handled side by side while any of the handlers answers', async () => {
    const rig = shared(
      { one: { ...typed('a'), reply: false }, rest: { handle: () => new Promise(() => undefined) } },
      { lane: { redelivery: 'none' } },
    );
    void rig.take(asked('x'), asked('y'));
    await turns();
    expect(rig.taken).toEqual(['rest x 1', 'rest y 1']);
  });
});

describe('side by side', () => {
  it('one key is handled in its order, whoever takes its messages, and each handler counts its own calls', async () => {
    const ends: (() => void)[] = [];
    const handle = (): Promise<undefined> =>
      new Promise((resolve) => {
        ends.push(() => resolve(undefined));
      });
    const rig = shared(
      { one: { ...typed('a'), handle }, rest: { handle } },
      { binding: { sideBySide: sideBySide(2) } },
    );
    const keyed = (body: string, type: string, key: string) => message(body, type, { key });
    void rig.take(keyed('1', 'a', 'x'), keyed('2', 'b', 'x'), keyed('3', 'b', 'y'));
    await turns();
    expect([rig.taken, rig.counts.running]).toEqual([['one 1 1', 'rest 3 1'], 2]);
    ends[0]!();
    await turns();
    expect(rig.taken).toEqual(['one 1 1', 'rest 3 1', 'rest 2 1']);
    for (const end of ends) end();
    await turns();
    expect([rig.counts.running, rig.lane.fates.toSorted()]).toEqual([0, ['1 ack', '2 ack', '3 ack']]);
  });
});

describe('diagnostics', () => {
  it('name the handler that takes the message, at each call', async () => {
    const seen: string[] = [];
    const channel = tracingChannel<unknown, DeliveryTrace>('nestjs-multi-broker:delivery');
    const note = (step: string) => (trace: DeliveryTrace) => void seen.push(`${step} ${trace.handler}`);
    const listeners = { start: note('start'), end: note('end'), error: note('error'), asyncEnd: note('asyncEnd') };
    channel.subscribe(listeners as never);
    const fails = failingOnce();
    const wants = (): boolean => {
      fails();
      return false;
    };
    const rig = shared({ one: { wants }, rest: typed('x') });
    void rig.take(message('x'), message('y'));
    await turns();
    rig.clock.advance(100);
    await turns();
    channel.unsubscribe(listeners as never);
    expect(seen).toEqual([
      ...['start one', 'end one', 'error one'],
      ...['start rest', 'end rest', 'asyncEnd rest'],
      ...['start all', 'end all', 'asyncEnd all'],
    ]);
  });
});

/** A generator of numbers below 1, the same for a seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

it.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'whatever fails, each message is handled by one handler, in the order of its key, and settled once: seed %i',
  async (seed) => {
    const random = numbers(seed);
    const fails = (): undefined => {
      if (random() < 0.2) throw new Error('no');
      return undefined;
    };
    const wanting = (type: string): Sharer => ({
      wants: ({ message: { headers } }) => {
        fails();
        const wanted = headers['type'] === type;
        return random() < 0.3 ? Promise.resolve(wanted) : wanted;
      },
      handle: () => (random() < 0.3 ? Promise.resolve().then(fails) : fails()),
    });
    const concurrent = seed % 2 === 1 ? { sideBySide: sideBySide(3) } : {};
    const rig = shared({ a: wanting('a'), b: wanting('b') }, { binding: { ...concurrent } });
    const sent = Array.from({ length: 30 }, (_, place) => {
      const [type, key] = [['a', 'b', 'c'][Math.floor(random() * 3)]!, ['x', 'y', 'z'][Math.floor(random() * 3)]!];
      return { type, key, body: String(place) };
    });
    void rig.take(...sent.map(({ body, type, key }) => message(body, type, { key })));
    for (let round = 0; round < 600 && rig.lane.fates.length < sent.length; round++) {
      await turns();
      rig.clock.advance(1_000);
    }
    await turns();
    const wanted = sent.filter(({ type }) => type !== 'c');
    const handledBy = new Map(rig.taken.map((call) => [call.split(' ')[1], call.split(' ')[0]]));
    expect([...handledBy]).toHaveLength(wanted.length);
    for (const { body, type } of wanted) expect([body, handledBy.get(body)]).toEqual([body, type]);
    for (const key of ['x', 'y', 'z']) {
      const first = [...handledBy.keys()].filter((body) => sent[Number(body)]!.key === key).map(Number);
      expect(first).toEqual(first.toSorted((one, other) => one - other));
    }
    expect(rig.lane.fates.toSorted()).toEqual(sent.map(({ body }) => `${body} ack`).toSorted());
    expect(rig.counts).toMatchObject({ running: 0, handled: wanted.length, unmatched: sent.length - wanted.length });
  },
);
