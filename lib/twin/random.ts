import type { DriverContext } from '../driver/index.js';

/** Returns an integer from 0 up to, but not including, `below`. */
export type Random = (below: number) => number;

/** Without a seed nothing is drawn: everything keeps its order, and rotations take turns. */
export const IN_ORDER: Random = () => 0;

/** The same numbers for the same seed, an integer (mulberry32: small, and random enough for choices). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** The items in a drawn order; with {@link IN_ORDER} in their own. */
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

/** The source of every choice of a twin that the real system makes arbitrarily. */
export function randomOf(io: Pick<DriverContext, 'shared'>): Random {
  return io.shared(KEY, () => IN_ORDER);
}

/** Makes the driver context use these numbers, one sequence for all its buses. */
export function withRandom(io: DriverContext, random: Random): DriverContext {
  io.shared(KEY, () => random);
  return io;
}

/** Members that take turns, or are drawn with a seed: a queue group, or the readers of a shared consumer. */
export class Rotation<T> {
  private readonly all: T[] = [];
  private turn = 0;

  constructor(private readonly random: Random = IN_ORDER) {}

  get size(): number {
    return this.all.length;
  }

  join(member: T): void {
    this.all.push(member);
  }

  /** The turn stays with the same member; removing a member that is not in it is no error. */
  leave(member: T): void {
    const place = this.all.indexOf(member);
    if (place < 0) return;
    this.all.splice(place, 1);
    if (place < this.turn) this.turn--;
    if (this.turn >= this.all.length) this.turn = 0;
  }

  /** The next member in turn for which `can` holds, and ends its turn; undefined if there is none. */
  next(can: (member: T) => boolean = always): T | undefined {
    const member = this.inTurn().find(can);
    if (member !== undefined) this.took(member);
    return member;
  }

  /** All members, starting with the one whose turn it is; in a drawn order with a seed. */
  inTurn(): readonly T[] {
    if (this.random !== IN_ORDER) return shuffled(this.all, this.random);
    if (this.turn === 0) return this.all;
    return [...this.all.slice(this.turn), ...this.all.slice(0, this.turn)];
  }

  /** The member had its turn, whether or not it was the next. */
  took(member: T): void {
    this.turn = (this.all.indexOf(member) + 1) % this.all.length;
  }

  /** In the order in which they joined. */
  members(): readonly T[] {
    return this.all;
  }
}

function always(): true {
  return true;
}
