import type { Clock } from '../driver/index.js';

/**
 * Deadlines of many keys on one timer: leases, and redeliveries to come. A timer for each message would cost more than
 * the message, and would fill the list of what a test waits for.
 */
export class Deadlines<K> {
  readonly #due = new Map<K, number>();
  #timerAt = Infinity;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    /** Called with those that became due together, the earliest first. */
    private readonly lapsed: (keys: readonly K[]) => void,
    /** What for: see {@link Clock.after}. */
    private readonly what?: string,
  ) {}

  get size(): number {
    return this.#due.size;
  }

  /** Sets the key's deadline, or moves it. */
  set(key: K, ms: number): void {
    const at = this.clock.now() + ms;
    this.#due.delete(key);
    this.#due.set(key, at);
    if (at < this.#timerAt) this.#arm(at);
  }

  /** The last one to go takes the timer with it, so that nothing keeps the process or a test waiting. */
  delete(key: K): boolean {
    const had = this.#due.delete(key);
    if (this.#due.size === 0) this.#disarm();
    return had;
  }

  has(key: K): boolean {
    return this.#due.has(key);
  }

  /** Each key with its deadline. */
  entries(): Iterable<[K, number]> {
    return this.#due.entries();
  }

  /** Forgets all; returns the keys. */
  clear(): K[] {
    const keys = [...this.#due.keys()];
    this.#due.clear();
    this.#disarm();
    return keys;
  }

  #arm(at: number): void {
    this.#disarm();
    this.#timerAt = at;
    this.#cancel = this.clock.after(at - this.clock.now(), this.#fire, this.what);
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#timerAt = Infinity;
  }

  readonly #fire = (): void => {
    this.#disarm();
    const keys = this.#takeDue();
    // Deadlines only move later while the timer stands, so it may fire for nothing; then it is set anew.
    const next = Math.min(...this.#due.values());
    if (next !== Infinity) this.#arm(next);
    if (keys.length > 0) this.lapsed(keys);
  };

  #takeDue(): K[] {
    const now = this.clock.now();
    const due = [...this.#due].filter(([, at]) => at <= now).sort(([, one], [, other]) => one - other);
    for (const [key] of due) this.#due.delete(key);
    return due.map(([key]) => key);
  }
}
