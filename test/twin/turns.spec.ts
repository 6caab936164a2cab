import { describe, expect, it, jest } from '@jest/globals';
import { Turns, turnsOf } from '../../lib/twin/index.js';

describe('the turns of twins', () => {
  it('never run a task on the stack of the one who asks', async () => {
    const turns = new Turns();
    const ran: string[] = [];
    turns.soon(() => ran.push('task'));
    ran.push('asked');
    await turns.idle();
    expect(ran).toEqual(['asked', 'task']);
  });

  it('run tasks in the order in which they were asked for, those of a turn before those that it asks for', async () => {
    const turns = new Turns();
    const ran: string[] = [];
    turns.soon(() => {
      ran.push('a');
      turns.soon(() => ran.push('c'));
    });
    turns.soon(() => ran.push('b'));
    await turns.idle();
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('are idle at once when nothing was asked for, and only after the last task else', async () => {
    const turns = new Turns();
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
      const turns = new Turns();
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
