import { describe, expect, it } from '@jest/globals';
import { IN_ORDER, randomOf, seeded, withRandom } from '../../lib/twin/index.js';
import { shuffled } from '../../lib/twin/random.js';
import { TwinBench } from '../support/twin-bench.js';

const rowOf = (seed: number, below = 10): number[] => {
  const random = seeded(seed);
  return Array.from({ length: 1_000 }, () => random(below));
};

describe('the numbers of a seed', () => {
  it('are the same for the same seed, and others for the next', () => {
    for (const seed of [0, 1, 42, -1, 2 ** 31]) {
      expect(rowOf(seed)).toEqual(rowOf(seed));
      expect(rowOf(seed)).not.toEqual(rowOf(seed + 1));
    }
  });

  it('are whole, from 0 and below what is asked for, and all come about alike', () => {
    const counts = new Map<number, number>();
    for (const drawn of rowOf(7)) counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Math.min(...counts.values())).toBeGreaterThan(60);
    expect(new Set(rowOf(7, 1))).toEqual(new Set([0]));
  });

  it('bring items into every order, and without a seed leave them in theirs', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 100; seed++) orders.add(shuffled(['a', 'b', 'c'], seeded(seed)).join(''));
    expect([...orders].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    expect(shuffled(['a', 'b', 'c'], IN_ORDER)).toEqual(['a', 'b', 'c']);
  });

  it('are one row for all drivers of a module; without a seed nothing is drawn', () => {
    const shared = () => {
      const bench = new TwinBench();
      return { shared: bench.shared.bind(bench) } as Parameters<typeof withRandom>[0];
    };
    const random = seeded(1);
    const io = withRandom(shared(), random);
    expect([randomOf(io), randomOf(io)]).toEqual([random, random]);
    expect(randomOf(shared())).toBe(IN_ORDER);
  });
});
