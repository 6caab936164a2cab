import { describe, expect, it } from '@jest/globals';
import { open, Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

it('a paused subscription begins no handler until it is resumed; the one that runs ends', async () => {
  const running = open();
  const rig = new Rig({ handle: () => running.promise.then(() => undefined) });
  void rig.take(...messages('a', 'b'));
  rig.sink.pause();
  running.resolve();
  void rig.take(...messages('c'));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a ack']]);
  rig.sink.resume();
  await turns();
  expect(rig.calls).toEqual(['a', 'b', 'c']);
});

it('a lane that opens meanwhile is paused too', async () => {
  const rig = new Rig();
  rig.sink.pause();
  const lane = rig.open({ name: 'in[1]' });
  void rig.sink.take(lane, messages('a'));
  await turns();
  expect(rig.calls).toEqual([]);
  rig.sink.resume();
  await turns();
  expect(rig.calls).toEqual(['a']);
});

it('a stop goes before a pause: what is not redelivered is handled to the end', async () => {
  const rig = new Rig({ lane: { redelivery: 'none', backpressure: false } });
  rig.sink.pause();
  void rig.take(...messages('a', 'b'));
  rig.sink.stopCalling();
  rig.sink.pause();
  void rig.take(...messages('c'));
  await rig.sink.drained();
  expect(rig.calls).toEqual(['a', 'b', 'c']);
});

const slowRetry = { retry: { attempts: 3, delayMs: 15_000, factor: 1, maxDelayMs: 30_000, jitter: 0 } };

const failing = (): never => {
  throw new Error('no');
};

/** Lets the clock go by so many milliseconds, timer by timer. */
async function pass(rig: Rig, ms: number): Promise<void> {
  const until = rig.clock.now() + ms;
  while (rig.clock.nextAt() <= until) {
    rig.clock.next();
    await turns();
  }
  rig.clock.advance(until - rig.clock.now());
  await turns();
}

it('a message that was held before a pause does not hold up a stop after the resume', async () => {
  const rig = new Rig({ binding: slowRetry, handle: failing });
  void rig.take(...messages('a'));
  await turns();
  rig.sink.pause();
  rig.sink.resume();
  rig.sink.stopCalling();
  let isDrained = false;
  void rig.sink.drained().then(() => (isDrained = true));
  await turns();
  expect(isDrained).toBe(true);
});

describe('a message that waits for its next call when its subscription is paused', () => {
  it.each(['in-place', 'none'] as const)(
    'is held in place until it is resumed, retries and all (%s)',
    async (again) => {
      const rig = new Rig({ lane: { redelivery: again }, handle: failing });
      void rig.take(...messages('a', 'b'));
      await turns();
      rig.sink.pause();
      await pass(rig, 600_000);
      expect(rig.calls).toEqual(['a']);
      rig.sink.resume();
      await turns();
      expect(rig.calls).toEqual(['a', 'a']);
    },
  );

  it('by the rounds of its policy is held, too', async () => {
    const rig = new Rig({ handle: failing });
    void rig.take(...messages('a'));
    await pass(rig, 500);
    expect(rig.calls).toHaveLength(3);
    rig.sink.pause();
    await pass(rig, 600_000);
    expect(rig.calls).toHaveLength(3);
    rig.sink.resume();
    await turns();
    expect(rig.calls).toHaveLength(4);
  });

  it('by a nack is held, too', async () => {
    const rig: Rig = new Rig({
      handle: (_body, context) => {
        if (rig.calls.length === 1) context.nack();
        return undefined;
      },
    });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.pause();
    await pass(rig, 60_000);
    expect(rig.calls).toEqual(['a']);
    rig.sink.resume();
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a', 'a'], ['a ack']]);
  });

  it('goes back to the server at once, for the rest of its delay, and is extended no more', async () => {
    const rig = new Rig({ lane: { redelivery: 'server', leaseMs: 30_000 }, handle: failing, binding: slowRetry });
    void rig.take(...messages('a'));
    await turns();
    await pass(rig, 4_000);
    rig.sink.pause();
    await turns();
    expect(rig.lane.fates).toEqual(['a 11000']);
    await pass(rig, 600_000);
    expect([rig.calls, rig.lane.extended, rig.sink.taken]).toEqual([['a'], [], 0]);
    expect(rig.log.lines.at(-1)).toContain('its subscription is paused; redelivering in 11000 ms');
  });

  it('goes back to the server, too, where its call was still running', async () => {
    const gate = open();
    const rig = new Rig({
      lane: { redelivery: 'server' },
      handle: async () => {
        await gate.promise;
        return failing();
      },
    });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.pause();
    gate.resolve();
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a 100']]);
    rig.sink.resume();
    void rig.take(...messages('b'));
    await turns();
    await pass(rig, 100);
    expect(rig.calls).toEqual(['a', 'b', 'b']);
  });

  it('is kept where the server has forgotten it (ack-first)', async () => {
    const rig = new Rig({ lane: { redelivery: 'server' }, binding: { ack: 'ack-first' }, handle: failing });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.pause();
    await pass(rig, 60_000);
    expect(rig.calls).toEqual(['a']);
    rig.sink.resume();
    await turns();
    expect(rig.calls).toEqual(['a', 'a']);
  });

  it('holds up no stop', async () => {
    for (const again of ['in-place', 'server'] as const) {
      const rig = new Rig({ lane: { redelivery: again }, handle: failing });
      void rig.take(...messages('a', 'b'));
      await turns();
      rig.sink.pause();
      rig.sink.stopCalling();
      await rig.sink.drained();
      expect([again, rig.calls]).toEqual([again, ['a']]);
    }
  });
});

it('a roll-back calls nothing that is paused: what is not redelivered is dropped and counted', async () => {
  const rig = new Rig({ lane: { redelivery: 'none', backpressure: false }, handle: failing });
  void rig.take(...messages('a', 'b', 'c'));
  await turns();
  rig.sink.pause();
  rig.sink.stopCalling(false);
  await rig.sink.drained();
  await pass(rig, 60_000);
  expect([rig.calls, rig.counts.dropped]).toEqual([['a'], 2]);
  expect(rig.log.lines).toContainEqual(expect.stringContaining('2 message(s) of in[0] were dropped'));
});
