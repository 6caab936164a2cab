import { type Clock, systemClock } from '../async/index.js';

/** A timer that waits until the clock is moved. */
export interface PendingTimer {
  /** When it is due, in milliseconds since the epoch. */
  readonly at: number;
  /** Its purpose, if given. */
  readonly what: string | undefined;
}

interface Timer extends PendingTimer {
  /** Breaks ties: of two timers due at the same moment, the one set first fires first. */
  readonly order: number;
  readonly then: () => void;
}

/**
 * A clock that stands still until it is moved: waiting costs a test no time, and the order is always the same.
 */
export class VirtualClock implements Clock {
  /** Sorted by due time, then by the order in which they were set. */
  private readonly timers: Timer[] = [];
  private time: number;
  private timersSet = 0;

  constructor(now: number = systemClock.now()) {
    this.time = now;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, then: () => void, what?: string): () => void {
    const timer: Timer = { at: this.time + (ms > 0 ? ms : 0), order: this.timersSet++, then, what };
    this.timers.splice(this.placeOf(timer), 0, timer);
    return () => {
      const place = this.placeOf(timer);
      if (this.timers[place] === timer) this.timers.splice(place, 1);
    };
  }

  /** Pending timers, the next one first. */
  pending(): readonly PendingTimer[] {
    return [...this.timers];
  }

  /** Moves to the next timer and fires it. False if there is none, and the clock does not move. */
  next(): boolean {
    const timer = this.timers.shift();
    if (timer === undefined) return false;
    this.time = timer.at;
    timer.then();
    return true;
  }

  /** Moves by `ms`, firing each timer at its time, including timers set along the way. */
  advance(ms: number): void {
    const until = this.time + ms;
    while (this.nextAt() <= until) this.next();
    this.time = until;
  }

  /** When the next timer is due; Infinity if there is none. */
  nextAt(): number {
    return this.timers[0]?.at ?? Infinity;
  }

  /** The index of the timer, by binary search: there may be thousands. */
  private placeOf(timer: Timer): number {
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.timers[middle], timer)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(one: Timer | undefined, other: Timer): boolean {
  if (one === undefined) return false;
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}

/**
 * Deadlines of many keys on one timer: leases and redeliveries. A timer for each message would cost more than the
 * message itself, and would fill the list of timers that a test sees as pending.
 */
export class KeyTimers<K> {
  private readonly due = new Map<K, number>();
  private timerAt = Infinity;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    /** Called with the keys that became due together, the earliest first. */
    private readonly lapsed: (keys: readonly K[]) => void,
    /** Purpose of the timer, see {@link Clock.after}. */
    private readonly what?: string,
  ) {}

  get size(): number {
    return this.due.size;
  }

  /** Sets or moves the key's deadline. */
  set(key: K, ms: number): void {
    const at = this.clock.now() + ms;
    this.due.delete(key);
    this.due.set(key, at);
    if (at < this.timerAt) this.arm(at);
  }

  /** Without keys the timer is cancelled, so that neither the process nor a test waits for it. */
  delete(key: K): boolean {
    const had = this.due.delete(key);
    if (this.due.size === 0) this.disarm();
    return had;
  }

  has(key: K): boolean {
    return this.due.has(key);
  }

  /** Each key with its deadline. */
  entries(): Iterable<[K, number]> {
    return this.due.entries();
  }

  /** Removes all deadlines; returns the keys. */
  clear(): K[] {
    const keys = [...this.due.keys()];
    this.due.clear();
    this.disarm();
    return keys;
  }

  private arm(at: number): void {
    this.disarm();
    this.timerAt = at;
    this.cancel = this.clock.after(at - this.clock.now(), this.fire, this.what);
  }

  private disarm(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.timerAt = Infinity;
  }

  private readonly fire = (): void => {
    this.disarm();
    const keys = this.takeDue();
    // Deadlines may have moved since the timer was set: it may fire early, and is set once more then.
    const next = Math.min(...this.due.values());
    if (next !== Infinity) this.arm(next);
    if (keys.length > 0) this.lapsed(keys);
  };

  private takeDue(): K[] {
    const now = this.clock.now();
    const due = [...this.due].filter(([, at]) => at <= now).sort(([, one], [, other]) => one - other);
    for (const [key] of due) this.due.delete(key);
    return due.map(([key]) => key);
  }
}
