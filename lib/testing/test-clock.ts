import { type Clock, systemClock } from '../driver/index.js';
import { type Turns, VirtualClock } from '../twin/index.js';

/** The clock of twins in a test: it stands still, and what is due at this very moment happens in the next turn. */
export class TestClock implements Clock {
  readonly virtual = new VirtualClock();
  #longestMs: number | undefined;

  constructor(private readonly turns: Turns) {}

  now(): number {
    return this.virtual.now();
  }

  after(ms: number, then: () => void, what?: string): () => void {
    if (this.#longestMs !== undefined) return systemClock.after(Math.min(ms, this.#longestMs), then, what);
    return ms > 0 ? this.virtual.after(ms, then, what) : this.#soon(then);
  }

  /**
   * Moves to the next timer. Leases that are extended meanwhile are nothing that anybody waits for: with no other
   * timer the clock stays where it is.
   */
  next(): boolean {
    while (this.virtual.pending().some(({ what }) => what !== 'lease')) {
      const [first] = this.virtual.pending();
      this.virtual.next();
      if (first?.what !== 'lease') return true;
    }
    return false;
  }

  /**
   * The module is being closed and nobody moves the clock any more: what is waited for from now on, such as a handler
   * that does not end, is waited for in real time, and not for long.
   */
  release(longestMs: number): void {
    this.#longestMs = longestMs;
  }

  /**
   * Of two timers due at one moment the one set first fires first, as on the virtual clock: they are the clock's own.
   */
  #soon(then: () => void): () => void {
    let cancelled = false;
    this.turns.soon(() => {
      if (!cancelled) then();
    }, this);
    return () => {
      cancelled = true;
    };
  }
}
