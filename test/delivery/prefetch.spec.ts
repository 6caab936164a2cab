import { describe, expect, it } from '@jest/globals';
import { open, Rig, type RigOptions } from '../support/delivery-rig.js';
import { type FakeMessage, messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const lane = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 250 } as const;

/** A server that gives what is asked for, out of a backlog without an end. */
class Backlog {
  readonly rig: Rig;
  given = 0;

  constructor(
    options: RigOptions & { readonly tookMs?: number },
    private readonly limit = Infinity,
  ) {
    const { tookMs = 0, ...rest } = options;
    this.rig = new Rig({
      lane,
      handle: () => {
        this.rig.clock.advance(tookMs);
        return undefined;
      },
      ...rest,
    });
  }

  get demand(): number {
    return this.rig.lane.demanded.at(-1) ?? 0;
  }

  /** So many answers to what is asked for. */
  async rounds(count: number): Promise<void> {
    for (let round = 0; round < count && this.given < this.limit; round++) {
      void this.rig.take(...this.next(this.demand));
      await turns();
    }
  }

  private next(count: number): FakeMessage[] {
    const from = this.given;
    this.given += Math.min(count, this.limit - from);
    return messages(...Array.from({ length: this.given - from }, (_, index) => String(from + index)));
  }
}

describe('what is asked for ahead of a handler', () => {
  it('is one message until its pace is known', () => {
    expect(new Backlog({}).rig.lane.demanded).toEqual([1]);
  });

  it('of a fast handler grows to the most that the lane allows within five rounds', async () => {
    const backlog = new Backlog({});
    await backlog.rounds(5);
    expect(backlog.demand).toBe(250);
  });

  it.each([
    [10, 20],
    [50, 4],
    [150, 1],
    [900, 1],
  ])('of a handler of %i ms is what it does in 200 ms, at least one: %i', async (tookMs, ahead) => {
    const backlog = new Backlog({ tookMs });
    await backlog.rounds(10);
    expect(backlog.demand).toBe(ahead);
  });

  it('of a handler that needs a second or more is nothing before it is done', async () => {
    const running = [open(), open()];
    let call = 0;
    const rig = new Rig({ lane, handle: () => running[call++]?.promise.then(() => undefined) });
    void rig.take(...messages('a'));
    rig.clock.advance(1_000);
    running[0]?.resolve();
    await turns();
    expect(rig.lane.demanded).toEqual([1, 1, 1]);
    void rig.take(...messages('b'));
    await turns();
    expect(rig.lane.demanded).toHaveLength(3);
    rig.clock.advance(2_000);
    running[1]?.resolve();
    await turns();
    expect(rig.lane.demanded).toEqual([1, 1, 1, 1]);
  });

  it('is nothing where the lane allows none: the next message is asked for when the handler is done', async () => {
    const backlog = new Backlog({ lane: { ...lane, maxPrefetch: 0 } });
    await backlog.rounds(10);
    expect(new Set(backlog.rig.lane.demanded)).toEqual(new Set([1]));
    expect(backlog.given).toBe(10);
  });

  it('is nothing while the very first handler runs, where the lane allows none', async () => {
    const rig = new Rig({ lane: { ...lane, maxPrefetch: 0 }, handle: () => open().promise.then(() => undefined) });
    void rig.take(...messages('a'));
    await turns();
    expect([rig.calls, rig.lane.demanded]).toEqual([['a'], [1]]);
  });

  it('does not shrink while nothing comes', async () => {
    const backlog = new Backlog({});
    await backlog.rounds(5);
    backlog.rig.clock.advance(3_600_000);
    await backlog.rounds(1);
    expect(backlog.demand).toBe(250);
  });
});

describe('what waits for its handler', () => {
  const waiting = async (options: RigOptions = {}) => {
    const first = open();
    const rig = new Rig({
      lane,
      handle: (body) => (body === 'a' ? first.promise.then(() => undefined) : undefined),
      ...options,
    });
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    return { rig, first };
  };

  it('is given back in order when the subscription is paused, and nothing is asked for until it is resumed', async () => {
    const { rig, first } = await waiting();
    rig.sink.pause();
    expect([rig.lane.fates, rig.lane.demanded.at(-1)]).toEqual([['b 0', 'c 0'], 0]);
    first.resolve();
    await turns();
    expect([rig.lane.fates, rig.lane.demanded.at(-1)]).toEqual([['b 0', 'c 0', 'a ack'], 0]);
    rig.sink.resume();
    expect(rig.lane.demanded.at(-1)).toBeGreaterThan(0);
  });

  it('is never extended: it is given back before its lease is over, and nothing is asked for before the handler is done', async () => {
    const { rig, first } = await waiting();
    rig.clock.advance(10_000);
    expect([rig.lane.extended, rig.lane.fates]).toEqual([['a'], []]);
    rig.clock.advance(10_000);
    expect([rig.lane.extended, rig.lane.fates]).toEqual([
      ['a', 'a'],
      ['b 0', 'c 0'],
    ]);
    expect(rig.lane.demanded.at(-1)).toBe(0);
    expect(rig.healthIssues.list()).toEqual([
      expect.stringMatching(/Orders\.on .*2 message\(s\) were returned to the server/),
    ]);
    rig.clock.advance(60_000);
    expect(rig.lane.fates).toHaveLength(2);
    first.resolve();
    await turns();
    expect([rig.lane.demanded.at(-1), rig.healthIssues.list()]).toEqual([1, []]);
  });

  it('is given back at once when its lane is stopped', async () => {
    const { rig } = await waiting();
    rig.sink.stopCalling();
    expect([rig.lane.fates, rig.lane.demanded.at(-1)]).toEqual([['b 0', 'c 0'], 0]);
  });

  it('is not given back behind a handler that ends in time', async () => {
    const { rig, first } = await waiting();
    rig.clock.advance(9_000);
    first.resolve();
    await turns();
    rig.clock.advance(60_000);
    expect(rig.lane.fates).toEqual(['a ack', 'b ack', 'c ack']);
  });
});

it('a handler that has run longer than the lease shows in health until it is done, though nothing waits behind it', async () => {
  const running = open();
  const rig = new Rig({ lane, handle: () => running.promise.then(() => undefined) });
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(29_000);
  expect(rig.healthIssues.list()).toEqual([]);
  rig.clock.advance(20_000);
  expect(rig.healthIssues.list()).toEqual([expect.stringContaining('Orders.on')]);
  expect(rig.lane.demanded.at(-1)).toBe(0);
  running.resolve();
  await turns();
  expect([rig.healthIssues.list(), rig.lane.demanded.at(-1)]).toEqual([[], 1]);
});
