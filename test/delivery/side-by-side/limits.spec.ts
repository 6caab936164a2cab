import { describe, expect, it } from '@jest/globals';
import { AsyncResource } from 'node:async_hooks';
import { failurePolicyOf } from '../../../lib/delivery/ack-policy.js';
import type { KeyedStrands } from '../../../lib/delivery/side-by-side/keyed-strands.js';
import { LaneRunner } from '../../../lib/delivery/lane-runner.js';
import { Strand } from '../../../lib/delivery/strand.js';
import { open, Rig } from '../../support/delivery-rig.js';
import { FakeLane, FakeMessage } from '../../support/fake-lane.js';
import { keyed, openCalls, sideBySide } from '../../support/side-by-side.js';
import { turns } from '../../support/turns.js';

const once = { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };

const ofKey = (key: string, body: string): FakeMessage => new FakeMessage({ key, body });

/** A runner of its own, to look into. */
function runnerOf(rig: Rig): { runner: LaneRunner; order: KeyedStrands } {
  const scope = new AsyncResource('test');
  const runner = new LaneRunner(new FakeLane(), rig.binding, rig.host, scope, failurePolicyOf(rig.binding));
  return { runner, order: runner['order'] as KeyedStrands };
}

describe('one poison message among 10,000 good ones', () => {
  it.each([20, 2_000])('delays only its own key, of %i', async (keys) => {
    const rig = new Rig({
      binding: { sideBySide: sideBySide(16), retry: once },
      handle: (body) => {
        if (body === '0') throw new Error('poison');
        return undefined;
      },
    });
    const count = 10_001;
    let full: void | Promise<void>;
    for (let from = 0; from < count; from += 1_000) {
      const length = Math.min(1_000, count - from);
      await full!;
      full = rig.take(...Array.from({ length }, (_, at) => ofKey(`k${(from + at) % keys}`, String(from + at))));
      await turns(5);
    }
    const behind = Math.floor(10_000 / keys);
    await turns(50);
    expect(rig.lane.settled).toHaveLength(count - 1 - behind);
    expect(rig.sink.healthIssues).toEqual([]);
    expect(rig.healthIssues.list()).toEqual([expect.stringContaining('poison')]);
  });
});

describe('what is kept of keys', () => {
  it('is nothing once their messages are handled: 100,000 of them', async () => {
    const rig = new Rig({ binding: { sideBySide: sideBySide(16) } });
    const { runner, order } = runnerOf(rig);
    let most = 0;
    for (let from = 0; from < 100_000; from += 1_000) {
      void runner.take(Array.from({ length: 1_000 }, (_, at) => ofKey(`key ${from + at}`, 'x')));
      most = Math.max(most, order.keys);
      await turns(6);
      expect(order.waiting).toBe(0);
    }
    expect(rig.calls).toHaveLength(100_000);
    expect(most).toBeLessThanOrEqual(1_000);
    expect(order.keys).toBe(0);
  });

  it('is nothing of a lane that is lost', async () => {
    const { rig } = openCalls({ binding: { sideBySide: sideBySide(2) } });
    const { runner, order } = runnerOf(rig);
    void runner.take(keyed('a1', 'a2', 'b1', 'c1', '-1'));
    await turns();
    (runner.lane as FakeLane).lose();
    expect([order.waiting, order.keys]).toEqual([0, 2]);
  });

  it('stays while a message of the key is unsettled by hand: a nack holds the key', async () => {
    const rig = new Rig({ binding: { sideBySide: sideBySide(4), ack: 'manual' } });
    const { runner, order } = runnerOf(rig);
    void runner.take(keyed('a1'));
    await turns();
    expect(order.keys).toBe(1);
    rig.contexts[0]?.nack();
    void runner.take(keyed('a2', 'b1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    rig.clock.advance(1_000);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'a1', 'a2']);
    for (const context of rig.contexts.slice(1)) context.ack();
    expect(order.keys).toBe(0);
  });
});

describe('a lane', () => {
  it('is full at 10,000 waiting messages, as most of them may wait for one key', async () => {
    const hanging = open();
    const rig = new Rig({
      binding: { sideBySide: sideBySide(4) },
      handle: () => hanging.promise.then(() => undefined),
    });
    const batch = (length: number): FakeMessage[] => Array.from({ length }, () => ofKey('k', 'x'));
    expect(rig.take(...batch(10_001))).toBeUndefined();
    const full = rig.take(ofKey('k', 'y'));
    expect(full).toBeInstanceOf(Promise);
    hanging.resolve();
    await full;
  });

  it.each(['nack-on-error', 'manual'] as const)(
    'has as many messages unsettled as it may call at once, at least: %s',
    async (ack) => {
      const { rig } = openCalls({ binding: { sideBySide: sideBySide(600), ack } });
      void rig.take(...Array.from({ length: 700 }, (_, at) => ofKey(`k${at}`, `m${at}`)));
      await turns();
      expect(rig.calls).toHaveLength(600);
    },
  );

  it('has 2,048 unsettled messages shared with others, however many of them have passed one that is held', async () => {
    const rig = new Rig({ binding: { sideBySide: sideBySide(4), ack: 'manual' } });
    void rig.take(...Array.from({ length: 2_000 }, (_, at) => ofKey(`k${at}`, `m${at}`)));
    await turns();
    expect(rig.calls).toHaveLength(500);
    for (const context of rig.contexts.slice(1)) context.ack();
    await turns();
    expect(rig.calls.length).toBeGreaterThan(900);
  });
});

describe('a partition with an order for each key', () => {
  it('stands once 50,000 messages have passed one that is held: health names it, and a restart repeats no more', async () => {
    let fails = true;
    const rig = new Rig({
      binding: { sideBySide: sideBySide(4), retry: once },
      handle: (body) => {
        if (body === '0' && fails) throw new Error('poison');
        return undefined;
      },
    });
    const count = 50_500;
    for (let from = 0; from < count; from += 500) {
      void rig.take(...Array.from({ length: 500 }, (_, at) => ofKey(`k${from + at}`, String(from + at))));
      await turns(4);
    }
    expect(rig.lane.settled).toHaveLength(49_999);
    rig.clock.advance(999);
    expect(rig.sink.healthIssues).toEqual([]);
    for (let held = 0; held < 3; held++) {
      rig.clock.next();
      await turns();
    }
    expect(rig.sink.healthIssues).toEqual([
      expect.stringMatching(
        /stalled on in\[0\] .*, 0, waits .* 50000 messages were handled from it on, and 1 of them not/,
      ),
    ]);
    fails = false;
    rig.clock.next();
    await turns(20);
    expect(rig.lane.settled).toHaveLength(count);
  });
});

describe('a source without back-pressure', () => {
  it('drops what is more than 65,536 messages, whatever their keys', async () => {
    const lane = { redelivery: 'none', backpressure: false } as const;
    const { rig, calls } = openCalls({ lane, binding: { sideBySide: sideBySide(4) } });
    void rig.take(...keyed('a1', 'b1', 'c1', 'd1'));
    await turns();
    void rig.take(...Array.from({ length: 65_540 }, (_, at) => ofKey(`k${at % 10}`, `m${at}`)));
    expect(rig.counts.dropped).toBe(4);
    for (const call of calls.values()) call.resolve();
    await turns();
    expect(rig.counts.running).toBe(4);
  });
});

describe('without the option', () => {
  it('a lane is one order of calls, as it was', () => {
    const { order } = runnerOf(new Rig());
    expect(order).toBeInstanceOf(Strand);
  });
});

describe('health', () => {
  it('notes the call that has run longest, how many run, and how many messages wait for it', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(3) } });
    void rig.take(...keyed('a1', 'b1', 'a2', 'a3', 'b2'));
    await turns();
    rig.clock.advance(5_000);
    expect(rig.sink.notes).toEqual([
      'Orders.on has been handling a1 of in[0] since 1970-01-01T00:16:40.000Z, beside 1 other call(s): ' +
        'it is being handled, its handler has not ended; 2 message(s) wait behind it',
    ]);
    calls.get('a1')?.resolve();
    await turns();
    expect(rig.sink.notes).toEqual([expect.stringContaining('handling b1')]);
    expect(rig.sink.healthIssues).toEqual([]);
  });

  it('notes nothing of a call that nobody waits for', async () => {
    const { rig } = openCalls({ binding: { sideBySide: sideBySide(3) } });
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    rig.clock.advance(60_000);
    expect(rig.sink.notes).toEqual([]);
  });

  it('names the oldest message of a lane that is full of unsettled ones', async () => {
    const rig = new Rig({ binding: { sideBySide: sideBySide(4), ack: 'manual' } });
    void rig.take(...Array.from({ length: 600 }, (_, at) => ofKey(`k${at}`, `m${at}`)));
    await turns();
    expect(rig.sink.healthIssues).toEqual([
      expect.stringMatching(/^Orders\.on has been stalled on in\[0\] .*, m0, waits/),
    ]);
  });
});
