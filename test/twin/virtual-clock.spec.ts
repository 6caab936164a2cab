import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../lib/twin/index.js';

describe('the virtual clock', () => {
  it('stands still until it is moved', () => {
    const clock = new VirtualClock(1_000);
    const fired: number[] = [];
    clock.after(0, () => fired.push(clock.now()));
    expect(clock.now()).toBe(1_000);
    expect(fired).toEqual([]);
  });

  it('fires timers by due time, each at its own time', () => {
    const clock = new VirtualClock(0);
    const fired: [string, number][] = [];
    clock.after(30, () => fired.push(['late', clock.now()]));
    clock.after(10, () => fired.push(['early', clock.now()]));
    clock.advance(100);
    expect(fired).toEqual([
      ['early', 10],
      ['late', 30],
    ]);
    expect(clock.now()).toBe(100);
  });

  it('fires timers due at one moment in the order in which they were set', () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    for (const name of ['a', 'b', 'c']) clock.after(10, () => fired.push(name));
    clock.advance(10);
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  it('fires what a timer sets on the way, if it is due by then', () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    clock.after(10, () => {
      clock.after(10, () => fired.push(clock.now()));
      clock.after(91, () => fired.push(clock.now()));
    });
    clock.advance(100);
    expect(fired).toEqual([20]);
    expect(clock.pending().map(({ at }) => at)).toEqual([101]);
  });

  it('moves by next() to the next timer and no further', () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    clock.after(20, () => fired.push(clock.now()));
    clock.after(10, () => fired.push(clock.now()));
    expect(clock.next()).toBe(true);
    expect(fired).toEqual([10]);
    expect(clock.now()).toBe(10);
  });

  it('says when nothing waits, and does not move then', () => {
    const clock = new VirtualClock(7);
    expect(clock.next()).toBe(false);
    expect(clock.nextAt()).toBe(Infinity);
    expect(clock.now()).toBe(7);
  });

  it('does not fire a cancelled timer; cancelling twice, or after it fired, does nothing', () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    const cancel = clock.after(10, () => fired.push('cancelled'));
    const cancelLater = clock.after(10, () => fired.push('kept'));
    cancel();
    cancel();
    clock.advance(10);
    cancelLater();
    expect(fired).toEqual(['kept']);
    expect(clock.pending()).toEqual([]);
  });

  it('keeps the order of many timers set in any order', () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    const due = Array.from({ length: 500 }, (_, i) => (i * 7919) % 1000);
    for (const ms of due) clock.after(ms, () => fired.push(ms));
    clock.advance(1000);
    expect(fired).toEqual([...due].sort((a, b) => a - b));
  });

  it('starts at the wall clock, so that the age of a message makes sense', () => {
    expect(Math.abs(new VirtualClock().now() - Date.now())).toBeLessThan(1_000);
  });
});
