import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NumberMap } from '../../lib/async/index.js';
import { collect, oldMegabytes } from '../support/old-space.js';

/** Few enough to meet again, and some that do not fit into 32 bits. */
const numbers = fc.oneof(
  fc.nat(40),
  fc.nat(40).map((number) => number * 64 + 2 ** 40),
);
const change = fc.record({ number: numbers, goes: fc.boolean() });

it('a map by numbers holds what a Map holds, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const [map, plain] = [new NumberMap<number>(), new Map<number, number>()];
      for (const [at, { number, goes }] of changes.entries()) {
        for (const each of [map, plain])
          if (goes) each.delete(number);
          else each.set(number, at);
      }
      const ascending = [...plain].sort(([a], [b]) => a - b);
      expect([map.size, map.keys()]).toEqual([plain.size, ascending.map(([number]) => number)]);
      expect(map.values()).toEqual(ascending.map(([, value]) => value));
      for (const { number } of changes) expect(map.get(number)).toBe(plain.get(number));
    }),
  );
});

it('a map by numbers that is cleared is empty, and may be used on', () => {
  const map = new NumberMap<string>();
  for (let number = 0; number < 100; number++) map.set(number, 'old');
  map.clear();
  expect([map.size, map.get(7), map.keys()]).toEqual([0, undefined, []]);
  map.set(7, 'new');
  expect([map.size, map.get(7)]).toEqual([1, 'new']);
});

it('a map by numbers that held many gives their room back once it has held few', async () => {
  const maps = Array.from({ length: 20 }, () => new NumberMap<string>());
  const hold = (count: number): void => {
    for (const map of maps) {
      for (let number = 0; number < count; number++) map.set(number, 'waits');
      for (let number = 0; number < count; number++) map.delete(number);
    }
  };
  collect();
  const before = process.memoryUsage().arrayBuffers;
  hold(4_000);
  hold(1);
  // Buffers are freed beside the program, after a collection.
  collect();
  await turn();
  collect();
  // Before: 1.3 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
});

it('what has gone from a map by numbers does not grow old in memory', () => {
  const map = new NumberMap<readonly number[]>();
  const taken: number[] = [];
  for (let number = 0; number < 600_000; number++) {
    map.set(number, [number, number, number, number, number, number, number, number]);
    map.delete(number - 300);
    // From now on it is old itself; a Map took 20 to 60 MB for the others.
    if (number === 1_000) collect();
    if (number > 1_000 && number % 10_000 === 0) taken.push(oldMegabytes());
  }
  expect(Math.max(...taken) - Math.min(...taken)).toBeLessThan(8);
});
