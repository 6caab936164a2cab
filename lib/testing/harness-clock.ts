import { requireDuration } from '../errors/index.js';
import type { HarnessClock } from './harness.js';
import type { TestClock } from './test-clock.js';

/** Moves the clock of twins, and lets all that a timer sets off come to rest before the next one. */
export class SteppingClock implements HarnessClock {
  constructor(
    private readonly clock: TestClock,
    /** Resolves when all is at rest; rejects where it does not come to rest. */
    private readonly rest: () => Promise<void>,
    /** The same, and rejects with what failed. */
    private readonly settled: () => Promise<void>,
  ) {}

  now(): number {
    return this.clock.now();
  }

  async advance(ms: number): Promise<void> {
    requireDuration(ms, 'harness.clock.advance()', 'the clock goes forward only');
    const { virtual } = this.clock;
    // What was published a moment ago sets its timers first.
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
