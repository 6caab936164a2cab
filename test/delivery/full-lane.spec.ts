import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { FakeMessage, messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const many = (count: number, from = 0): FakeMessage[] =>
  messages(...Array.from({ length: count }, (_, index) => String(from + index)));

/** Whether the promise has resolved by now. */
async function isOver(promise: void | Promise<void>): Promise<boolean> {
  let over = false;
  void Promise.resolve(promise).then(() => (over = true));
  await turns(1);
  return over;
}

describe('a full lane', () => {
  it('tells the driver to hold back until there is room', async () => {
    const gate = open();
    let toGo = 0;
    const rig = new Rig({ handle: () => (toGo-- > 0 ? undefined : gate.promise.then(() => undefined)) });
    expect(rig.take(...many(1_001))).toBeUndefined();
    const full = rig.take(...many(3, 1_001));
    expect(full).toBeInstanceOf(Promise);
    expect(await isOver(full)).toBe(false);
    toGo = 2;
    gate.resolve();
    await eventually(() => rig.lane.settled.length === 1_004);
    expect(await isOver(full)).toBe(true);
  });

  it('lets the driver go on when 1,000 wait, not earlier', async () => {
    const gates: (() => void)[] = [];
    const rig = new Rig({
      handle: () => {
        const { promise, resolve } = open();
        gates.push(() => resolve());
        return promise.then(() => undefined);
      },
    });
    const full = rig.take(...many(1_003));
    for (const [begun, over] of [
      [1, false],
      [2, false],
      [3, true],
    ] as const) {
      await eventually(() => rig.calls.length === begun);
      expect(await isOver(full)).toBe(over);
      gates[begun - 1]?.();
    }
    for (let next = 3; next < 1_003; next++) {
      await eventually(() => gates[next] !== undefined);
      gates[next]?.();
    }
  });

  it('does not keep the driver waiting when it is lost, or when it is stopped', async () => {
    for (const end of ['lose', 'stopCalling', 'abandon'] as const) {
      const rig = new Rig({ handle: () => new Promise(() => {}) });
      const full = rig.take(...many(2_000));
      expect(await isOver(full)).toBe(false);
      if (end === 'lose') rig.lane.lose();
      else rig.sink[end]();
      expect([end, await isOver(full)]).toEqual([end, true]);
    }
  });
});

describe('a lane of a server that does not wait', () => {
  const lane = { redelivery: 'none', backpressure: false } as const;

  it('is never full', () => {
    const rig = new Rig({ lane, handle: () => new Promise(() => {}) });
    expect(rig.take(...many(5_000))).toBeUndefined();
  });

  it('drops what comes beyond 65,536 waiting messages, and counts it', async () => {
    const gate = open();
    let first = true;
    const rig = new Rig({
      lane,
      handle: () => {
        if (!first) return undefined;
        first = false;
        return gate.promise.then(() => undefined);
      },
    });
    void rig.take(...many(1));
    void rig.take(...many(65_536, 1));
    void rig.take(...many(2, 70_000));
    void rig.take(...many(3, 80_000));
    expect(rig.counts.dropped).toBe(5);
    expect(rig.lane.fates).toEqual(['70000 reject', '70001 reject', '80000 reject', '80001 reject', '80002 reject']);
    gate.resolve();
    await eventually(() => rig.lane.settled.length === 65_537 + 5, 40_000);
    expect(rig.calls).toHaveLength(65_537);
    expect(rig.log.lines).toEqual([
      expect.stringMatching(/^warn Queue full: dropping .*, as Orders\.on cannot keep up/),
      expect.stringMatching(/^warn Queue drained: 5 message.*were dropped$/),
    ]);
  });
});

describe('a lane of a server that does not wait, with a limit of bytes', () => {
  const lane = { redelivery: 'none', backpressure: false, pendingBytesLimit: 1_000 } as const;
  const of = (bytes: number, ...bodies: string[]): FakeMessage[] =>
    bodies.map((body) => new FakeMessage({ body, bytes }));

  it('takes of a batch what has room, drops and counts the rest, and has room again for what was handled', async () => {
    const gates: (() => void)[] = [];
    const rig = new Rig({
      lane,
      handle: () => {
        const { promise, resolve } = open();
        gates.push(() => resolve());
        return promise.then(() => undefined);
      },
    });
    void rig.take(...of(400, 'at work'));
    await turns();
    void rig.take(...of(400, 'a', 'b', 'c', 'd'));
    expect([rig.lane.fates, rig.counts.dropped]).toEqual([['c reject', 'd reject'], 2]);
    expect(rig.log.lines).toEqual([expect.stringMatching(/dropping .*, as Orders\.on cannot keep up/)]);
    gates[0]?.();
    await eventually(() => rig.calls.length === 2);
    void rig.take(...of(400, 'e', 'f'));
    expect(rig.counts.dropped).toBe(3);
    for (let called = 1; called < 4; called++) {
      await eventually(() => gates[called] !== undefined);
      gates[called]?.();
    }
    await eventually(() => rig.lane.settled.length === 7);
    expect(rig.calls).toEqual(['at work', 'a', 'b', 'e']);
  });

  it('takes a message that is larger than the limit where nothing waits', async () => {
    const rig = new Rig({ lane });
    void rig.take(...of(5_000, 'large'));
    await turns();
    expect([rig.calls, rig.counts.dropped]).toEqual([['large'], 0]);
  });
});

describe('messages that are handled and not settled', () => {
  it('stop their lane at 500; each that is settled lets one more begin', async () => {
    const rig = new Rig({ handle: () => outgoing('x'), binding: { routes: [{ broker: 'out', destination: 'q' }] } });
    rig.drivers.out.hold = true;
    void rig.take(...many(1_500));
    await turns(20);
    expect(rig.calls).toHaveLength(500);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    const settled = rig.lane.settled.length;
    expect(settled).toBeGreaterThan(0);
    expect(rig.calls).toHaveLength(Math.min(1_500, 500 + settled));
  });

  it('stop their lane at 500, too, where each of them but the first is settled: a crash repeats no more', async () => {
    const rig = new Rig({
      binding: { ack: 'manual' },
      handle: (body, context) => {
        if (body !== '0') context.ack();
        return undefined;
      },
    });
    void rig.take(...many(60_000));
    await turns(300);
    expect([rig.calls.length, rig.lane.settled.length]).toEqual([500, 499]);
    rig.contexts[0]?.ack();
    await eventually(() => rig.lane.settled.length === 60_000, 40_000);
    expect([rig.calls.length, rig.sink.healthIssues]).toEqual([60_000, []]);
  });

  it('count one by one where each is settled for itself: what has passed an unsettled one is done with', async () => {
    const rig = new Rig({
      lane: { redelivery: 'server' },
      binding: { ack: 'manual' },
      handle: (body, context) => {
        if (Number(body) >= 500) context.ack();
        else if (body !== '0') context.ack();
        return undefined;
      },
    });
    void rig.take(...many(5_000));
    await eventually(() => rig.calls.length === 5_000);
    expect([rig.lane.settled.length, rig.sink.healthIssues]).toEqual([4_999, []]);
  });

  it('keep no message of what is settled', async () => {
    const rig = new Rig({
      binding: { ack: 'manual' },
      handle: (body, context) => (body === '0' ? undefined : context.ack()) as undefined,
    });
    void rig.take(...many(400));
    await turns();
    const [runner] = rig.sink['runners'].values();
    expect([...runner!.inFlight].map(({ incoming }) => incoming.position)).toEqual(['0']);
  });

  it('of a manual handler stop it until one is acked, and health says so', async () => {
    const rig = new Rig({ binding: { ack: 'manual' } });
    void rig.take(...many(1_200));
    await turns();
    expect(rig.calls).toHaveLength(500);
    expect(rig.sink.healthIssues).toEqual([expect.stringContaining('500 messages')]);
    rig.contexts[250]?.ack();
    await turns();
    // Kafka commits no gap: the head is what it waits for.
    expect(rig.calls).toHaveLength(500);
    rig.contexts[0]?.ack();
    await turns();
    expect(rig.calls).toHaveLength(501);
    for (let acked = 1; acked < 1_200; await turns()) {
      for (; acked < rig.contexts.length; acked++) if (acked !== 250) rig.contexts[acked]?.ack();
    }
    expect([rig.calls.length, rig.sink.healthIssues]).toEqual([1_200, []]);
  });
});
