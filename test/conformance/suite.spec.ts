import { describe, expect, it } from '@jest/globals';
import {
  conformanceSuite,
  type ConformanceTarget,
  type Driver,
  driverPromises,
  type Incoming,
  type DriverContext,
  type KeptMessages,
  type Lane,
  type Sink,
  type Unsteady,
} from '../../lib/driver/public.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { kafkaTarget, streamPlace, streamTarget, subjectPlace, subjectTarget, topicPlace } from './support/targets.js';
import { twinSetting } from './support/twin-setting.js';

const kafka = kafkaBroker({ name: 'conformance', client: { brokers: ['localhost:9092'] } });
const nats = natsBroker({ name: 'conformance', client: {} });
const targets = {
  kafka: () => kafkaTarget(kafka, twinSetting(kafka, topicPlace)),
  stream: () => streamTarget(nats, twinSetting(nats, streamPlace)),
  subject: () => subjectTarget(nats, twinSetting(nats, subjectPlace)),
};

/** Runs the suite with a test framework of three lines; returns what failed. */
async function run(target: ConformanceTarget, only?: string[]): Promise<{ failed: string[]; table: string }> {
  const tests: [string, () => Promise<void>][] = [];
  let table = '';
  conformanceSuite(target, { test: (title, prove) => tests.push([title, prove]), print: (text) => (table = text) });
  const failed: string[] = [];
  for (const [title, prove] of tests) {
    const id = title.split(' ')[0]!;
    if (only?.includes(id) ?? true) await prove().catch(() => failed.push(id));
  }
  return { failed, table };
}

/** The target with a driver that is spoilt in one place. */
async function failuresOf(
  kind: keyof typeof targets,
  spoil: (driver: Driver) => Partial<Driver>,
  only: string[],
): Promise<string[]> {
  const target = targets[kind]();
  const spoilt = async (made: Promise<Driver> | Driver): Promise<Driver> => {
    const driver = await made;
    return Object.assign(driver, spoil({ ...bound(driver) }));
  };
  const makeUnsteady = async (): Promise<Unsteady> => {
    const unsteady = await target.makeUnsteady!();
    return { ...unsteady, makeDriver: () => spoilt(unsteady.makeDriver()) };
  };
  const makeDriver = (): Promise<Driver> => spoilt(target.makeDriver());
  const { failed } = await run({ ...target, makeDriver, makeUnsteady, patienceMs: 300 }, only);
  return failed;
}

function bound(driver: Driver): Driver {
  return {
    connect: driver.connect.bind(driver),
    subscribe: driver.subscribe.bind(driver),
    publish: driver.publish.bind(driver),
    ...(driver.request && { request: driver.request.bind(driver) }),
    ...(driver.kept && { kept: driver.kept.bind(driver) }),
    close: driver.close.bind(driver),
    native: driver.native.bind(driver),
  };
}

/** Hands everything over through other hands. */
function handing(take: (sink: Sink, lane: Lane, batch: readonly Incoming[]) => void | Promise<void>) {
  return (driver: Driver): Partial<Driver> => ({
    subscribe: (sources, sink, signal) => {
      const hands: Sink = { opened: (lane) => sink.opened(lane), take: (lane, batch) => take(sink, lane, batch) };
      return driver.subscribe(sources, hands, signal);
    },
  });
}

const changed = (message: Incoming, change: Partial<Incoming>): Incoming =>
  new Proxy(message, {
    get: (one, name) => Reflect.get(Object.hasOwn(change, name) ? change : one, name) as unknown,
  });

const AWAY = { problem: 'missing', what: 'topic', name: 'away' } as const;

/** It is missing once. */
function createsIt(): NonNullable<Driver['inspect']> {
  let times = 0;
  return () => Promise.resolve(++times > 3 ? [] : [{ ...AWAY, text: 'not there' }]);
}

describe('the conformance suite', () => {
  it('passes on a driver that keeps its promises, and tells every promise in its table', async () => {
    const { failed, table } = await run(targets.stream());
    expect(failed).toEqual([]);
    for (const { id, text } of driverPromises) expect(table).toContain(`${id.padEnd(4)}${text}: `);
    expect(table).toMatch(/R2 .*: does not apply: the system has no request\/reply for this destination/);
  });

  it.each(['test.skip', 'skip'] as const)(
    'shows what does not apply as a skipped test with the reason, by %s',
    (way) => {
      const [shown, skipped]: [string[], string[]] = [[], []];
      const test = (title: string): void => void shown.push(title);
      const skip = (title: string): void => void skipped.push(title);
      const target = targets.stream();
      conformanceSuite(target, way === 'skip' ? { test, skip } : { test: Object.assign(test, { skip }) });
      const expected = driverPromises.flatMap(({ id, text, unless }) => {
        const reason = unless?.(target);
        return reason === undefined ? [] : [`${id} ${text} (does not apply: ${reason})`];
      });
      expect(expected).toContain(
        'R2 a request is answered by a reader of its address (does not apply: the system has no request/reply for this destination)',
      );
      expect(skipped).toEqual(expected);
      expect(shown).toHaveLength(driverPromises.length - expected.length + 1);
    },
  );

  it('has a number for each promise', () => {
    expect(new Set(driverPromises.map(({ id }) => id)).size).toBe(driverPromises.length);
  });

  it.each<[string, NonNullable<Driver['inspect']>, string[]]>([
    ['finds nothing', () => Promise.resolve([]), ['N2', 'N6']],
    ['finds a fault with all', () => Promise.resolve([{ ...AWAY, text: 'not there' }]), ['N1']],
    ['creates what it misses', createsIt(), ['N2']],
    ['is deaf to its signal', () => new Promise(() => undefined), ['N5']],
    ['fails without a code', () => Promise.reject(new Error('no')), ['N4']],
  ])('fails a driver whose comparison %s', async (_what, inspect, promises) => {
    const target = targets.kafka();
    const makeDriver = async (): Promise<Driver> => Object.assign(await target.makeDriver(), { inspect });
    const features = { ...target.features, inspect: true };
    const { failed } = await run(
      { ...target, features, makeDriver, makeDeadDriver: makeDriver, patienceMs: 300 },
      promises,
    );
    expect(failed).toEqual(promises);
  });

  const spoilt: readonly [string, keyof typeof targets, (driver: Driver) => Partial<Driver>, string[]][] = [
    [
      'drops headers',
      'kafka',
      handing((sink, lane, batch) =>
        sink.take(
          lane,
          batch.map((one) => changed(one, { headers: () => ({}) })),
        ),
      ),
      ['P1'],
    ],
    [
      'gives a missing value as an empty one',
      'kafka',
      handing((sink, lane, batch) =>
        sink.take(
          lane,
          batch.map((one) => changed(one, { body: one.body ?? new Uint8Array(0) })),
        ),
      ),
      ['P2'],
    ],
    [
      'reads keys and headers as text',
      'kafka',
      handing((sink, lane, batch) =>
        sink.take(
          lane,
          batch.map((one) => changed(one, { rawKey: undefined, rawHeaders: undefined })),
        ),
      ),
      ['P13', 'P14'],
    ],
    [
      'loses a message',
      'kafka',
      handing((sink, lane, batch) => sink.take(lane, batch.slice(0, 7))),
      ['O1', 'P4', 'T10'],
    ],
    [
      'hands over twice',
      'subject',
      handing((sink, lane, batch) => sink.take(lane, [...batch, ...batch])),
      ['S1', 'P5'],
    ],
    [
      'hands over in another order',
      'kafka',
      handing((sink, lane, batch) => sink.take(lane, [...batch].reverse())),
      ['O1', 'T8'],
    ],
    [
      'has one position for all',
      'stream',
      handing((sink, lane, batch) =>
        sink.take(
          lane,
          batch.map((one) => changed(one, { position: 'here' })),
        ),
      ),
      ['O3'],
    ],
    ['goes on though a lane is full', 'stream', handing((sink, lane, batch) => void sink.take(lane, batch)), ['O2']],
    [
      'never opens its lanes',
      'kafka',
      (driver) => ({
        subscribe: (sources, sink, signal) =>
          driver.subscribe(
            sources,
            { ...sink, opened: () => {}, take: (lane, batch) => sink.take(lane, batch) },
            signal,
          ),
      }),
      ['S1'],
    ],
    ['rejects a publish', 'kafka', () => ({ publish: () => Promise.reject(new Error('no')) }), ['P7', 'P5']],
    [
      'swaps outcomes',
      'kafka',
      (driver) => ({
        publish: async (to, batch) => {
          const outcomes = await driver.publish(to, batch);
          return [...outcomes.slice(1), ...outcomes.slice(0, 1)];
        },
      }),
      ['P5'],
    ],
    [
      'is never connected',
      'kafka',
      (driver) => ({ connect: () => Promise.resolve(), subscribe: driver.subscribe }),
      ['C1'],
    ],
    ['has a client though it is a twin', 'kafka', () => ({ native: () => ({}) }), ['C6']],
    [
      'is a world of its own',
      'subject',
      (driver) => ({ connect: (io, signal) => driver.connect({ ...io, shared: (_, make) => make() }, signal) }),
      ['C7'],
    ],
    ['reads every topic from its beginning', 'kafka', reading({ fromBeginning: true }), ['S4']],
    ['reads every topic from its end', 'kafka', reading({ fromBeginning: false }), ['S3']],
    ['reads by one group for all', 'kafka', reading({ groupId: 'one' }), ['G1', 'G5', 'S3']],
    ['has request() where its system has none', 'kafka', () => ({ request: () => new Promise(() => {}) }), ['R1']],
    [
      'takes what no stream keeps',
      'stream',
      (driver) => ({
        publish: async (to, batch) =>
          (await driver.publish(to, batch)).map((outcome) => ('error' in outcome ? { receipt: {} } : outcome)),
      }),
      ['P11', 'P6', 'P5'],
    ],
    [
      'keeps no lease',
      'stream',
      settling(
        (lane, ...rest) => lane.settle(...rest),
        () => {},
      ),
      ['T5'],
    ],
    [
      'fails the neighbours of a message that is too large',
      'kafka',
      (driver) => ({
        publish: async (to, batch) => {
          const outcomes = await driver.publish(to, batch);
          const guilty = outcomes.find((outcome) => 'error' in outcome);
          return guilty === undefined ? outcomes : outcomes.map(() => guilty);
        },
      }),
      ['P5'],
    ],
    [
      'cannot be closed twice',
      'kafka',
      (driver) => {
        let closed = false;
        return { close: () => (closed ? Promise.reject(new Error('closed')) : ((closed = true), driver.close())) };
      },
      ['C4'],
    ],
    [
      'connects although it was given up',
      'kafka',
      (driver) => ({ connect: (io) => driver.connect(io, new AbortController().signal) }),
      ['C3'],
    ],
    [
      'goes on after quiet',
      'kafka',
      (driver) => ({
        subscribe: async (...all) => ({
          ...wrap(await driver.subscribe(...all)),
          stopFetching: () => Promise.resolve(),
        }),
      }),
      ['I1'],
    ],
    ['leaves its lanes when it is closed', 'kafka', () => ({ close: () => Promise.resolve() }), ['I4', 'I7']],
    ['forgets settlements', 'stream', settling(() => {}), ['T1', 'I3']],
    [
      'settles at once what is to come again',
      'stream',
      settling((lane, message) => lane.settle(message, 'ack')),
      ['T4'],
    ],
    [
      'brings again at once what is to come later',
      'stream',
      settling((lane, message, how) => lane.settle(message, typeof how === 'object' ? { redeliverInMs: 0 } : how)),
      ['T4'],
    ],
    ['settles what it hands over by itself', 'kafka', settlingItself, ['T2', 'T3', 'T10']],
    [
      'tells no duplicate',
      'stream',
      (driver) => ({
        publish: (to, batch) =>
          driver.publish(
            to,
            batch.map(({ dedupeId: _, ...one }) => one),
          ),
      }),
      ['P10'],
    ],
    [
      'gives every member all',
      'subject',
      (driver) => ({
        subscribe: (sources, sink, signal) => {
          const alone = sources.map((source) => ({ ...source, queue: undefined }));
          const hands: Sink = {
            opened: (lane) => sink.opened(as(lane, sources[0]!)),
            take: (lane, batch) => sink.take(as(lane, sources[0]!), batch),
          };
          return driver.subscribe(alone, hands, signal);
        },
      }),
      ['G2'],
    ],
    [
      'hands over what nobody asked for',
      'stream',
      (driver) => ({
        subscribe: (sources, sink, signal) => {
          const deaf = (lane: Lane): Lane => as(lane, lane.source, undefined, undefined, () => undefined);
          const hands: Sink = {
            opened: (lane) => sink.opened(deaf(lane)),
            take: (lane, batch) => sink.take(deaf(lane), batch),
          };
          return driver.subscribe(sources, hands, signal);
        },
      }),
      ['G7'],
    ],
    [
      'forgets what failed',
      'stream',
      settling((lane, message, how) => typeof how === 'object' || lane.settle(message, how)),
      ['F2'],
    ],
    ['settles by itself what it hands over', 'stream', settlingItself, ['F2', 'F3', 'F4', 'F5']],
    [
      'tells of nothing that waits',
      'stream',
      (driver) => ({
        subscribe: async (...all) => Object.assign(await driver.subscribe(...all), { lag: async () => 0 }),
      }),
      ['L1', 'L2'],
    ],
    ['reads twice what is kept', 'kafka', keeping(readingTwice), ['K1']],
    ['forgets what is done', 'stream', keeping(() => ({ done: async () => undefined })), ['K2', 'K3', 'K5']],
    ['is done with what it hands over', 'kafka', keeping(doneAtOnce), ['K3', 'K8', 'K9']],
    [
      'takes what it only looks at',
      'stream',
      ({ kept }) => ({ kept: (source, _, signal) => kept!(source, 'take', signal) }),
      ['K4', 'K7'],
    ],
    [
      'looks from the beginning',
      'kafka',
      ({ kept }) => ({
        kept: (source, access, signal) => kept!(access === 'look' ? { ...source, ...NOBODY } : source, access, signal),
      }),
      ['K5'],
    ],
    [
      'has another position for what is kept',
      'stream',
      keeping((kept) => ({
        next: async (signal) => {
          const message = await kept.next(signal);
          return message && changed(message, { position: 'here' });
        },
      })),
      ['K6'],
    ],
    [
      'reads on although it was given up',
      'kafka',
      keeping((kept) => ({ next: () => kept.next(new AbortController().signal) })),
      ['K8'],
    ],
    ['reads on although it is closed', 'kafka', () => ({ close: () => Promise.resolve() }), ['K9']],
    [
      'reads without an end during an outage',
      'stream',
      keeping((kept) => ({ next: (signal) => kept.next(signal).catch(() => new Promise<never>(() => {})) })),
      ['K10'],
    ],
    ['closes others with itself', 'subject', closingAll(), ['C8']],
    [
      'tells of a connection that it never lost',
      'kafka',
      (driver) => ({ connect: (io, signal) => driver.connect(io, signal).then(() => io.state('up')) }),
      ['C9'],
    ],
    ['closes while it publishes', 'stream', publishingOnceClosed, ['P12']],
    [
      'leaves unanswered what an outage cut off',
      'stream',
      (driver) => ({
        publish: async (to, batch) => {
          const outcomes = await driver.publish(to, batch);
          return outcomes.some((outcome) => 'error' in outcome) ? new Promise(() => {}) : outcomes;
        },
      }),
      ['I6'],
    ],
    ['swaps two messages of a key on one lane', 'subject', swapping((lane) => lane), ['G4']],
    ['swaps two messages of a key on two lanes', 'kafka', swapping(anew), ['G4']],
    ['hands the same bytes to all groups', 'kafka', sharingBytes(), ['G6']],
    ['answers nobody', 'subject', () => ({ request: () => new Promise(() => {}) }), ['R2', 'R3', 'R4']],
    [
      'leaves a request unanswered when it is closed',
      'subject',
      ({ request }) => ({ request: (...all) => request!(...all).catch(() => new Promise(() => {})) }),
      ['R5'],
    ],
  ];

  it('fails where the features do not say what the lanes do', async () => {
    const target = targets.kafka();
    const { failed } = await run({
      ...target,
      features: { ...target.features, backpressure: false },
      patienceMs: 5_000,
    });
    expect(failed).toEqual(['S2']);
  });

  it.each([
    ['does not tell of an outage', []],
    ['does not tell when it is over', ['reconnecting']],
    ['loses what it confirmed', ['reconnecting', 'up']],
  ] as const)('fails a driver that %s', async (_, states) => {
    const target = targets.stream();
    let io: DriverContext | undefined;
    let calls = 0;
    const makeDriver = async (): Promise<Driver> => {
      const driver = await target.makeDriver();
      const { connect, publish } = bound(driver);
      return Object.assign(driver, {
        connect: (given: DriverContext, signal: AbortSignal) => connect((io = given), signal),
        publish: async (...[to, batch]: Parameters<Driver['publish']>) =>
          calls++ % 2 === 0 ? publish(to, batch) : batch.map(() => ({ receipt: {} })),
      });
    };
    const tell = (state: (typeof states)[number]): void => io!.state(state);
    const unsteady: Unsteady = {
      makeDriver,
      place: await target.makePlace(),
      cut: () => states.slice(0, 1).forEach(tell),
      mend: () => states.slice(1).forEach(tell),
    };
    const { failed } = await run({ ...target, makeUnsteady: () => unsteady, patienceMs: 500 }, ['F1']);
    expect(failed).toEqual(['F1']);
  });

  it('fails where a bad address is taken', async () => {
    const { failed } = await run({ ...targets.kafka(), invalidAddresses: [() => 'fine'], patienceMs: 5_000 });
    expect(failed).toEqual(['P9']);
  });

  it.each(spoilt)('fails a driver that %s', async (_, kind, spoil, expected) => {
    expect((await failuresOf(kind, spoil, expected)).sort()).toEqual([...expected].sort());
  });
});

const wrap = (intake: Awaited<ReturnType<Driver['subscribe']>>) => ({
  quiet: () => intake.stopFetching(),
  flush: () => intake.flush(),
  close: () => intake.close(),
});

const wrapped = new WeakMap<Lane, Lane>();

/** One other lane for each. */
function as(
  lane: Lane,
  source: Lane['source'],
  settle?: Lane['settle'],
  extend?: Lane['extend'],
  demand?: Lane['demand'],
): Lane {
  const known = wrapped.get(lane);
  if (known !== undefined) return known;
  const other: Lane = {
    source,
    name: lane.name,
    lost: lane.lost,
    redelivery: lane.redelivery,
    backpressure: lane.backpressure,
    leaseMs: lane.leaseMs,
    extend: extend ?? ((message) => lane.extend?.(message)),
    ...(lane.demand !== undefined && { demand: demand ?? ((messages) => lane.demand?.(messages)) }),
    settle: settle ?? ((message, how) => lane.settle(message, how)),
  };
  wrapped.set(lane, other);
  return other;
}

/** Settles whatever it hands over, as if somebody had handled it. */
function settlingItself(driver: Driver): Partial<Driver> {
  const take = handing((sink, lane, batch) => {
    for (const one of batch) lane.settle(one, 'ack');
    return sink.take(lane, batch);
  });
  return take(driver);
}

/** Reads what is kept in another way. */
function keeping(spoil: (kept: KeptMessages) => Partial<KeptMessages>) {
  return ({ kept }: Driver): Partial<Driver> => ({
    kept: async (...all) => {
      const made = await kept!(...all);
      const whole = {
        size: made.size,
        next: made.next.bind(made),
        done: made.done.bind(made),
        close: made.close.bind(made),
      };
      return { ...whole, ...spoil(whole) };
    },
  });
}

function readingTwice(kept: KeptMessages): Partial<KeptMessages> {
  let first: Incoming | undefined;
  return {
    next: async (signal) => {
      const again = first;
      first = again === undefined ? await kept.next(signal) : undefined;
      return again ?? first;
    },
  };
}

function doneAtOnce(kept: KeptMessages): Partial<KeptMessages> {
  return {
    next: async (signal) => {
      const message = await kept.next(signal);
      if (message !== undefined) await kept.done(message);
      return message;
    },
  };
}

const NOBODY = { groupId: 'nobody' };

/** One closes all. */
function closingAll() {
  const closes: Driver['close'][] = [];
  return ({ close }: Driver): Partial<Driver> => {
    closes.push(close);
    return { close: () => Promise.all(closes.map((one) => one())).then(() => {}) };
  };
}

/** Hands over the first message behind the next of its key; each on the lane that is made for it. */
function swapping(laneFor: (lane: Lane) => Lane) {
  let first: Incoming | undefined;
  let swapped = false;
  const handOver = (sink: Sink, lane: Lane, message: Incoming): void => {
    const other = laneFor(lane);
    if (other !== lane) sink.opened(other);
    void sink.take(other, [message]);
  };
  return handing((sink, lane, batch) => {
    for (const message of batch) {
      first ??= message;
      if (message !== first) handOver(sink, lane, message);
      if (message === first || message.key !== first.key || swapped) continue;
      swapped = true;
      handOver(sink, lane, first);
    }
  });
}

function anew(lane: Lane): Lane {
  wrapped.delete(lane);
  return as(lane, lane.source);
}

/** Keeps one body for all readers of a message. */
function sharingBytes() {
  const bodies = new Map<string, Incoming['body']>();
  return handing((sink, lane, batch) => {
    const shared = batch.map((one) => {
      bodies.set(one.position, bodies.get(one.position) ?? one.body);
      return changed(one, { body: bodies.get(one.position)! });
    });
    return sink.take(lane, shared);
  });
}

/** Leaves publishes under way when it is closed: they are answered when it is closed once more, by the end of the test. */
function publishingOnceClosed(driver: Driver): Partial<Driver> {
  let times = 0;
  let closedAgain = (): void => undefined;
  const over = new Promise<void>((resolve) => (closedAgain = resolve));
  return {
    async close() {
      await driver.close();
      if (++times > 1) closedAgain();
    },
    publish: (to, batch) => over.then(() => driver.publish(to, batch)),
  };
}

/** Reads other sources than it was asked for. */
function reading(change: object) {
  return (driver: Driver): Partial<Driver> => ({
    subscribe: (sources, sink, signal) => {
      const others = sources.map((source) => ({ ...source, ...change }));
      const original = (lane: Lane): Lane => as(lane, sources[others.indexOf(lane.source)]!);
      const hands: Sink = {
        opened: (lane) => sink.opened(original(lane)),
        take: (lane, batch) => sink.take(original(lane), batch),
      };
      return driver.subscribe(others, hands, signal);
    },
  });
}

function settling(
  settle: (lane: Lane, ...rest: Parameters<Lane['settle']>) => void,
  extend?: (message: Incoming) => void,
) {
  return (driver: Driver): Partial<Driver> => ({
    subscribe: (sources, sink, signal) => {
      const other = (lane: Lane): Lane => as(lane, lane.source, (message, how) => settle(lane, message, how), extend);
      const hands: Sink = {
        opened: (lane) => sink.opened(other(lane)),
        take: (lane, batch) => sink.take(other(lane), batch),
      };
      return driver.subscribe(sources, hands, signal);
    },
  });
}
