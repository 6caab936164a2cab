import { type Clock, systemClock } from '../async/index.js';
import { requireDuration } from '../errors/index.js';
import { type DeliveryTurns, VirtualClock } from '../twin/index.js';
import type { HarnessClock } from './harness.js';

/** Moves the clock of twins timer by timer, and waits until everything is idle before the next timer. */
export class SteppingClock implements HarnessClock {
  constructor(
    private readonly clock: TestClock,
    /** Resolves when everything is idle; rejects if that takes too long. */
    private readonly rest: () => Promise<void>,
    /** The same, but also rejects with failures. */
    private readonly settled: () => Promise<void>,
  ) {}

  now(): number {
    return this.clock.now();
  }

  async advance(ms: number): Promise<void> {
    requireDuration(ms, 'harness.clock.advance()', 'forAdvance');
    const { virtual } = this.clock;
    // Messages published just before set their timers first.
    await this.rest();
    const until = virtual.now() + ms;
    while (virtual.nextAt() <= until) {
      virtual.next();
      await this.rest();
    }
    virtual.advance(until - virtual.now());
    await this.settled();
  }

  async next(): Promise<boolean> {
    await this.rest();
    const moved = this.clock.next();
    await this.settled();
    return moved;
  }
}

/** The clock of twins in a test: it stands still, and timers of 0 ms fire in the next turn. */
export class TestClock implements Clock {
  readonly virtual = new VirtualClock();
  private longestMs: number | undefined;

  constructor(private readonly turns: DeliveryTurns) {}

  now(): number {
    return this.virtual.now();
  }

  after(ms: number, then: () => void, what?: string): () => void {
    if (this.longestMs !== undefined) return systemClock.after(Math.min(ms, this.longestMs), then, what);
    return ms > 0 ? this.virtual.after(ms, then, what) : this.soon(then);
  }

  /**
   * Moves to the next timer. Leases that are extended on the way do not count: with no other timer the clock does not
   * move.
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
   * To be called when the module is being closed, since the clock no longer moves: from then on, timers (such as those
   * that wait for a handler) fire in real time, after `longestMs` at most.
   */
  release(longestMs: number): void {
    this.longestMs = longestMs;
  }

  /**
   * Fires in the next turn. Of two timers due at the same time the one set first fires first, as on the virtual clock.
   */
  private soon(then: () => void): () => void {
    let cancelled = false;
    this.turns.soon(() => {
      if (!cancelled) then();
    }, this);
    return () => {
      cancelled = true;
    };
  }
}
