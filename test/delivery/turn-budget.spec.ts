import { expect, it, jest } from '@jest/globals';
import { TurnBudget } from '../../lib/async/index.js';
import { Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const many = messages(...Array.from({ length: 5_000 }, (_, index) => String(index)));

it('the event loop turns while a long batch is handed to handlers that never wait', async () => {
  const seen: number[] = [];
  const rig = new Rig();
  setImmediate(() => seen.push(rig.calls.length));
  void rig.take(...many);
  await eventually(() => rig.lane.settled.length === 5_000);
  expect(seen[0]).toBeLessThanOrEqual(256);
  expect(seen[0]).toBeGreaterThan(0);
});

it('it turns too where each handler returns a resolved promise', async () => {
  const seen: number[] = [];
  const rig = new Rig({ handle: () => Promise.resolve(undefined) });
  setImmediate(() => seen.push(rig.calls.length));
  void rig.take(...many);
  await eventually(() => rig.lane.settled.length === 5_000);
  expect(seen[0]).toBeLessThanOrEqual(256);
});

/** A clock that each handler moves on. */
function spending(each: { readonly ms: number; readonly cpuMs: number }) {
  const spent = { ms: 0, cpuMs: 0 };
  const handle = (): undefined => {
    spent.ms += each.ms;
    spent.cpuMs += each.cpuMs;
  };
  return { turns: new TurnBudget(256, { now: () => spent.ms, cpu: () => spent.cpuMs }), handle };
}

/** How many of a long batch are handled before the event loop turns for the first time, and before it turns once more. */
async function handledBeforeTurns(rig: Rig): Promise<number[]> {
  const turned = async (): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve));
    return rig.calls.length;
  };
  const first = turned();
  void rig.take(...many);
  return [await first, await turned()];
}

const readOn = { redelivery: 'none', backpressure: false, readsOn: true } as const;

it('where the client reads on, handlers that are quick are called for longer before the loop turns', async () => {
  const [first] = await handledBeforeTurns(new Rig({ lane: readOn, ...spending({ ms: 0.01, cpuMs: 0.01 }) }));
  expect(first).toBe(5_000);
});

it.each([
  ['take 100 µs of processor time', { ms: 0.1, cpuMs: 0.1 }, 1_280],
  ['take 1 ms of it', { ms: 1, cpuMs: 1 }, 256],
  ['block for 1 ms without using any', { ms: 1, cpuMs: 0 }, 256],
])('it turns there, too, where handlers %s', async (_what, each, handled) => {
  const [first, second] = await handledBeforeTurns(new Rig({ lane: readOn, ...spending(each) }));
  // What the last call has spent counts from the next one on.
  expect(first).toBeLessThanOrEqual(handled);
  expect(first).toBeGreaterThan(handled - 256);
  expect(second).toBeLessThanOrEqual(2 * handled);
});

it('where the client waits, the loop turns after so many messages, however quick their handlers are', async () => {
  const [first] = await handledBeforeTurns(new Rig(spending({ ms: 0, cpuMs: 0 })));
  expect(first).toBeLessThanOrEqual(256);
});

it.each(['lost', 'stopped'] as const)(
  'a lane that is %s is seen between two turns: what is behind is not handled',
  async (end) => {
    const rig = new Rig();
    let before = 0;
    setImmediate(() => {
      before = rig.calls.length;
      if (end === 'lost') rig.lane.lose();
      else rig.sink.stopCalling();
    });
    void rig.take(...many);
    await turns();
    expect(before).toBeGreaterThan(0);
    expect(rig.calls).toHaveLength(before);
  },
);

it('messages of all lanes count together', () => {
  const turns = new TurnBudget(3);
  expect([1, 2, 3, 4, 5, 6].map(() => turns.due())).toEqual([false, false, true, false, false, true]);
});

it('turns pass while a test holds the timers', async () => {
  jest.useFakeTimers();
  try {
    await new TurnBudget().next();
  } finally {
    jest.useRealTimers();
  }
});
