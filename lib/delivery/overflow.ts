import type { Incoming } from '../driver/index.js';
import type { LaneContext } from './lane-context.js';

/** The most messages in the queue, however small they are. */
const DROP_AT = 65_536;

/** A message behind this many others may wait for long. */
const MANY = 1_000;

/**
 * Bounds the queue of a source without back-pressure (core NATS), by number and by bytes: drops and counts messages
 * that arrive faster than they are handled. Logged when it begins and when it is over.
 */
export class Overflow {
  private dropped = 0;
  private bytes = 0;

  constructor(private readonly context: LaneContext) {}

  /** The messages of a batch for which the queue has room. An empty queue has room for a message of any size. */
  admit(batch: readonly Incoming[], waiting: number): readonly Incoming[] {
    const { pendingBytesLimit: limit = Infinity } = this.context.lane;
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
    const { lane, host, binding } = this.context;
    if (this.dropped === 0) {
      host.log.warn(`Queue full: dropping ${this.named()}, as ${binding.handler} cannot keep up`);
    }
    this.dropped += batch.length;
    host.counts.dropped += batch.length;
    for (const message of batch) lane.settle(message, 'reject');
  }

  /** Nothing waits any more. */
  over(): void {
    if (this.dropped === 0) return;
    this.context.host.log.warn(`Queue drained: ${String(this.dropped)} ${this.named()} were dropped`);
    this.dropped = 0;
  }

  private named(): string {
    const { lane, binding } = this.context;
    return `message(s) of ${lane.name} of broker '${binding.broker}'`;
  }
}
