import { Fifo } from '../../async/index.js';
import type { Incoming, Lane } from '../../driver/index.js';
import type { InFlightDelivery } from '../in-flight.js';
import type { DeliveryStrand } from '../lane-context.js';
import { type CallSlots, SlotCaller } from './slot-caller.js';

/** What the strands of one lane share. */
export interface KeySlots extends CallSlots {
  /** How a failed message that has a key comes again. */
  readonly keyedRedelivery: Lane['redelivery'];
  /** The strand holds nothing back any more: its next message may begin, or it may be forgotten. */
  rests(strand: KeyStrand): void;
  /** A delivery of the strand is held: its next message, if one waits, may not begin. */
  holds?(strand: KeyStrand): void;
}

/**
 * The messages of one key, handled one after another, or a message without a key. A delivery that is called again in
 * place, or held, holds all that are behind it, and none of another key. It takes up a call of the lane only while its
 * handler runs.
 */
export class KeyStrand extends SlotCaller implements DeliveryStrand {
  readonly queue = new Fifo<Incoming>();
  /** It is in the list of those that may begin. */
  isReady = false;
  /** Since when. */
  readySince = 0;
  /** A first call or its retries run. */
  protected pumping = false;
  /** Begun, and not settled or not over. */
  private open = 0;
  /** Held deliveries: nothing begins before they are called again. */
  private holds = 0;

  constructor(
    readonly key: string | undefined,
    protected override readonly slots: KeySlots,
  ) {
    super(slots);
  }

  get redelivery(): Lane['redelivery'] {
    return this.key === undefined ? this.context.lane.redelivery : this.slots.keyedRedelivery;
  }

  /** Whether its next message, if there is one, waits for nothing of its own. */
  get mayBegin(): boolean {
    return !this.pumping && this.holds === 0;
  }

  /** Whether no order depends on it any more. */
  get isIdle(): boolean {
    return this.open === 0 && this.queue.length === 0 && this.mayBegin;
  }

  get behind(): number {
    return this.queue.length;
  }

  /** Takes out all that wait. */
  drain(): Incoming[] {
    return this.queue.drain();
  }

  /** Takes up a call for the first time. */
  begins(delivery: InFlightDelivery): void {
    this.takes();
    this.began(delivery);
  }

  /** The call and its retries are over. */
  over(): void {
    this.pumping = false;
    this.slots.rests(this);
  }

  held(delivery: InFlightDelivery, until: () => Promise<void>): void {
    const { lane } = this.slots;
    lane.revived(delivery);
    this.holds++;
    this.slots.holds?.(this);
    void lane.scope.runInAsyncScope(until).finally(() => {
      this.holds--;
      this.slots.rests(this);
      lane.checkDrained();
    });
  }

  settled(delivery: InFlightDelivery): void {
    this.slots.lane.inFlight.settled();
    if (!delivery.active) this.closed(delivery);
  }

  ended(delivery: InFlightDelivery): void {
    const { lane } = this.slots;
    lane.inFlight.ended();
    if (delivery.settled) this.closed(delivery);
    lane.checkDrained();
  }

  finished(delivery: InFlightDelivery): void {
    const { lane } = this.slots;
    lane.inFlight.finished(delivery);
    this.left();
    lane.checkDrained();
  }

  forgotten(): void {
    this.left();
  }

  /** The handler's part of a message begins. */
  protected takes(): void {
    this.open++;
    this.pumping = true;
  }

  private closed(delivery: InFlightDelivery): void {
    this.slots.lane.inFlight.closed(delivery);
    this.left();
  }

  private left(): void {
    this.open--;
    this.slots.rests(this);
  }
}
