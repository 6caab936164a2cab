import { describe, expect, it } from '@jest/globals';
import { KeyTimers, VirtualClock } from '../../lib/twin/index.js';

function setUp() {
  const clock = new VirtualClock(0);
  const lapsed: [number, readonly string[]][] = [];
  const deadlines = new KeyTimers<string>(clock, (keys) => lapsed.push([clock.now(), keys]));
  return { clock, lapsed, deadlines };
}

describe('deadlines', () => {
  it('lapse each at its time, those due together at once, the earliest first', () => {
    const { clock, lapsed, deadlines } = setUp();
    deadlines.set('c', 30);
    deadlines.set('a', 10);
    deadlines.set('b', 30);
    clock.advance(100);
    expect(lapsed).toEqual([
      [10, ['a']],
      [30, ['c', 'b']],
    ]);
    expect(deadlines.size).toBe(0);
  });

  it('hold one timer for any number of keys', () => {
    const { clock, deadlines } = setUp();
    for (let i = 0; i < 100; i++) deadlines.set(`key ${i}`, 10 + i);
    expect(clock.pending()).toHaveLength(1);
  });

  it('leave no timer when the last one went', () => {
    const { clock, lapsed, deadlines } = setUp();
    deadlines.set('a', 10);
    deadlines.set('b', 20);
    expect(deadlines.delete('a')).toBe(true);
    expect(deadlines.delete('a')).toBe(false);
    deadlines.delete('b');
    expect(clock.pending()).toEqual([]);
    clock.advance(100);
    expect(lapsed).toEqual([]);
  });

  it('can be moved, later and earlier', () => {
    const { clock, lapsed, deadlines } = setUp();
    deadlines.set('a', 10);
    deadlines.set('b', 50);
    clock.advance(5);
    deadlines.set('a', 10);
    deadlines.set('b', 1);
    clock.advance(100);
    expect(lapsed).toEqual([
      [6, ['b']],
      [15, ['a']],
    ]);
  });

  it('forget all when told to', () => {
    const { clock, lapsed, deadlines } = setUp();
    deadlines.set('a', 10);
    deadlines.set('b', 10);
    expect(deadlines.clear()).toEqual(['a', 'b']);
    expect(clock.pending()).toEqual([]);
    clock.advance(100);
    expect(lapsed).toEqual([]);
  });
});
