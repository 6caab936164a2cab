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
