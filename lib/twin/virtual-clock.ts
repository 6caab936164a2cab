import { systemClock, type Clock } from '../driver/index.js';

/** A timer that waits for the clock to be moved. */
export interface PendingTimer {
  /** When it is due, in milliseconds since the epoch. */
  readonly at: number;
  /** What for, where whoever set it has told. */
  readonly what: string | undefined;
}

interface Timer extends PendingTimer {
  /** Breaks ties: of two timers due at one moment, the one set first fires first. */
  readonly order: number;
  readonly then: () => void;
}

/**
 * A clock that stands still until it is moved, so that a wait costs a test no time and its order is always the same.
 */
export class VirtualClock implements Clock {
  /** By due time, then in the order in which they were set. */
  readonly #timers: Timer[] = [];
  #now: number;
  #set = 0;

  constructor(now: number = systemClock.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void, what?: string): () => void {
    const timer: Timer = { at: this.#now + (ms > 0 ? ms : 0), order: this.#set++, then, what };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => {
      const place = this.#placeOf(timer);
      if (this.#timers[place] === timer) this.#timers.splice(place, 1);
    };
  }

  /** What waits, the next one first. */
  pending(): readonly PendingTimer[] {
    return [...this.#timers];
  }

  /** Moves to the next timer and fires it. False: none waits, and the clock stays where it is. */
  next(): boolean {
    const timer = this.#timers.shift();
    if (timer === undefined) return false;
    this.#now = timer.at;
    timer.then();
    return true;
  }

  /** Moves by `ms`, firing what becomes due on the way at its own time, timers that are set meanwhile included. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.nextAt() <= until) this.next();
    this.#now = until;
  }

  /** When the next timer is due; Infinity where none waits. */
  nextAt(): number {
    return this.#timers[0]?.at ?? Infinity;
  }

  /** Where the timer stands, or belongs: found by halving, as thousands may wait. */
  #placeOf(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#timers[middle], timer)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(one: Timer | undefined, other: Timer): boolean {
  if (one === undefined) return false;
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
