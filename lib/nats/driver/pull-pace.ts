import type { Clock } from '../../driver/index.js';

/** A pull that ends so soon may end so each time. In milliseconds. */
const soonMs = 1_000;
const firstMs = 100;
const mostMs = 10_000;

/** What refuses each pull, such as a limit of the server, would otherwise be asked again without a pause. */
export class PullPace {
  private pulledAt = 0;
  private nextMs = 0;

  constructor(private readonly clock: Clock) {}

  pulled(): void {
    this.pulledAt = this.clock.now();
  }

  /** The pull has ended: how long the next one has to wait, in milliseconds. Longer each time that it ended soon. */
  pauseMs(): number {
    const soon = this.clock.now() - this.pulledAt < soonMs;
    const pauseMs = soon ? this.nextMs : 0;
    this.nextMs = soon ? Math.min(mostMs, Math.max(firstMs, this.nextMs * 2)) : 0;
    return pauseMs;
  }
}
