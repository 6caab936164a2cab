import type { Incoming } from '../driver/index.js';
import type { LaneOwner } from './lane-owner.js';

/** No more messages than this wait, however small they are. */
const DROP_AT = 65_536;

/** What waits behind so many may wait for long. */
const MANY = 1_000;

/**
 * Bounds what waits where the server does not wait (core NATS), by number and by bytes: drops and counts what comes
 * faster than it is handled. Told once, until it is over.
 */
export class Overflow {
  private dropped = 0;
  private bytes = 0;

  constructor(private readonly owner: LaneOwner) {}

  /** The messages for which there is room, behind so many that wait. A message that nothing waits before has room. */
  admit(batch: readonly Incoming[], waiting: number): readonly Incoming[] {
    const { pendingBytesLimit: limit = Infinity } = this.owner.lane;
    const most = DROP_AT - waiting;
    let fitting = 0;
    for (const message of batch) {
      const { bytes = 0 } = message;
      if (fitting >= most || (this.bytes > 0 && this.bytes + bytes > limit)) break;
      this.bytes += bytes;
      if (waiting + fitting >= MANY) message.willWait?.();
      fitting++;
    }
    if (fitting === batch.length) return batch;
    this.drop(batch.slice(fitting));
    return batch.slice(0, fitting);
  }

  /** Its handler is called now. */
  began({ bytes = 0 }: Incoming): void {
    this.bytes -= bytes;
  }

  private drop(batch: readonly Incoming[]): void {
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
