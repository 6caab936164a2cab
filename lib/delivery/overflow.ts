import type { Incoming } from '../driver/index.js';
import type { LaneOwner } from './lane-owner.js';

/**
 * Drops and counts what comes faster than it is handled, where the server does not wait: told once, until it is over.
 */
export class Overflow {
  private dropped = 0;

  constructor(private readonly owner: LaneOwner) {}

  /** Messages that find no room. */
  drop(batch: readonly Incoming[]): void {
    const { lane, host, binding } = this.owner;
    if (this.dropped === 0) {
      host.log.warn(`${this.named()} are dropped, as ${binding.handler} is slower than they come and nobody waits`);
    }
    this.dropped += batch.length;
    host.counts.dropped += batch.length;
    for (const message of batch) lane.settle(message, 'drop');
  }

  /** Nothing waits any more. */
  over(): void {
    if (this.dropped === 0) return;
    this.owner.host.log.warn(`${this.named()} were dropped: ${String(this.dropped)}`);
    this.dropped = 0;
  }

  private named(): string {
    const { lane, binding } = this.owner;
    return `Messages of ${lane.name} of broker '${binding.broker}'`;
  }
}
