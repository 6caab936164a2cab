import { describe, expect, it, jest } from '@jest/globals';
import { seeded, DeliveryTurns, turnsOf } from '../../lib/twin/index.js';

describe('the turns of twins', () => {
  it('never run a task on the stack of the one who asks', async () => {
    const turns = new DeliveryTurns();
    const ran: string[] = [];
    turns.soon(() => ran.push('task'));
    ran.push('asked');
    await turns.idle();
    expect(ran).toEqual(['asked', 'task']);
  });

  it('run tasks in the order in which they were asked for, those of a turn before those that it asks for', async () => {
    const turns = new DeliveryTurns();
    const ran: string[] = [];
    turns.soon(() => {
      ran.push('a');
      turns.soon(() => ran.push('c'));
    });
    turns.soon(() => ran.push('b'));
    await turns.idle();
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('run tasks in an order drawn by a seed, those of one owner in theirs, those of a turn before those it asks for', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const turns = new DeliveryTurns(seeded(seed));
      const ran: string[] = [];
      const owner = {};
      for (const name of ['x1', 'x2', 'x3']) turns.soon(() => ran.push(name), owner);
      for (const name of ['a', 'b']) {
        turns.soon(() => {
          turns.soon(() => ran.push('later'));
          ran.push(name);
        });
      }
      await turns.idle();
      expect(ran.filter((name) => name.startsWith('x'))).toEqual(['x1', 'x2', 'x3']);
      expect(ran.slice(5)).toEqual(['later', 'later']);
      orders.add(ran.join());
    }
    // Of 5 places the three of the owner take any, and the two others come either way: 10 times 2.
    expect(orders.size).toBeGreaterThan(15);
  });

  it('are idle at once when nothing was asked for, and only after the last task else', async () => {
    const turns = new DeliveryTurns();
    await turns.idle();
    let left = 5;
    const again = (): void => {
      if (--left > 0) turns.soon(again);
    };
    turns.soon(again);
    expect(turns.busy).toBe(true);
    await turns.idle();
    expect([left, turns.busy]).toEqual([0, false]);
  });

  it('pass while a test holds the timers', async () => {
    jest.useFakeTimers();
    try {
      const turns = new DeliveryTurns();
      let ran = false;
      turns.soon(() => (ran = true));
      await turns.idle();
      expect(ran).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });

  it('are one for all drivers of a module', () => {
    const made = new Map<string, unknown>();
    const io = {
      shared<T>(key: string, make: () => T): T {
        if (!made.has(key)) made.set(key, make());
        return made.get(key) as T;
      },
    };
    expect(turnsOf(io)).toBe(turnsOf(io));
  });
});
