import { Fifo } from '../../async/index.js';
import type { Incoming } from '../../driver/index.js';
import type { InFlightDelivery } from '../in-flight.js';
import { KeyStrand, type SlotCaller } from '../side-by-side/index.js';
import type { BatchMember } from './batch-member.js';

/** The arrival of a message on its lane. */
export interface Arrival {
  /** Its place among all messages of the lane. */
  readonly place: number;
  readonly at: number;
}

/**
 * The messages of one key, or a message without a key, of a handler that gets batches of several keys. A batch takes
 * several of its messages at once; no other one has it before the handler is done with all of them. One that is called
 * again alone, or held, holds those behind it.
 */
export class BatchKey extends KeyStrand {
  /** Of the messages in the queue, in the same order. */
  readonly arrivals = new Fifo<Arrival>();
  /** Of their bodies. */
  bytes = 0;
  /** In whose call its messages are. */
  private caller: SlotCaller | undefined;

  override get mayBegin(): boolean {
    return this.call === undefined && super.mayBegin;
  }

  override drain(): Incoming[] {
    this.arrivals.drain();
    this.bytes = 0;
    return super.drain();
  }

  /** A message of it is taken into a batch. */
  joins(): void {
    this.takes();
  }

  /** A call with several messages begins, this one among them. */
  enters(caller: SlotCaller, member: InFlightDelivery): void {
    this.caller = caller;
    this.call = member;
  }

  /** That call is over. */
  leaves(): void {
    this.caller = undefined;
    this.call = undefined;
    this.wake();
    if (this.mayBegin) this.slots.rests(this);
  }

  override idle(delivery: InFlightDelivery): void {
    if (this.caller === undefined) super.idle(delivery);
    else this.caller.idle(delivery);
  }
}

/** Every message of such a handler has one. */
export function keyOf({ strand }: BatchMember): BatchKey {
  return strand as BatchKey;
}
