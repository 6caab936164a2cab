import type { Io } from '../driver/index.js';

/** A whole number from 0, less than `below`. */
export type Random = (below: number) => number;

/** Without a seed nothing is drawn: what is first in order is first, and what takes turns takes them. */
export const IN_ORDER: Random = () => 0;

/** The same numbers for the same seed, an integer (mulberry32: small, and good enough to choose by). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** The items in an order that is drawn; by {@link IN_ORDER} in their own. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map((_, place) => {
    const drawn = place + random(left.length - place);
    const item = left[drawn] as T;
    left[drawn] = left[place] as T;
    return item;
  });
}

const KEY = 'twin:random';

/** What twins choose where the real system chooses at will is drawn from it. */
export function randomOf(io: Pick<Io, 'shared'>): Random {
  return io.shared(KEY, () => IN_ORDER);
}

/** The same module with these numbers, one row of them for all its buses. */
export function withRandom(io: Io, random: Random): Io {
  io.shared(KEY, () => random);
  return io;
}
