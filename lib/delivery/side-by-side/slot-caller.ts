import { Waiters } from '../../async/index.js';
import { NEVER, type OrderedLane } from '../call-order.js';
import type { WaitsFor } from '../delivery-observer.js';
import type { InFlightDelivery } from '../in-flight.js';
import type { LaneContext, Turn } from '../lane-context.js';

/** The calls that one lane may have running at once. */
export interface CallSlots {
  readonly lane: OrderedLane;
  /** Gives the caller a call now. If not, it is woken once it has one (`granted`). */
  claim(caller: SlotCaller): boolean;
  /** A call that was granted is not made. */
  unused(): void;
  began(caller: SlotCaller): void;
  /** Its call is over. */
  idle(caller: SlotCaller): void;
}

/**
 * Makes one call at a time, and takes up one of the lane's calls only while its handler runs: what waits for a retry
 * leaves it to others.
 */
export abstract class SlotCaller {
  readonly context: LaneContext;
  /** The delivery whose handler runs; of several in one call the first. */
  call: InFlightDelivery | undefined;
  /** When it was called. */
  calledAt = NEVER;
  /** It waits for a call of the lane. */
  asks = false;
  /** It was given one, which nobody has taken up yet. */
  granted = false;
  private callers: Waiters | undefined;

  constructor(protected readonly slots: CallSlots) {
    this.context = slots.lane.context;
  }

  /** Messages that wait for its call. */
  abstract get behind(): number;

  /** Its handler runs and awaits more than confirmations. */
  get moves(): boolean {
    return this.call?.moves === true;
  }

  get hasCallers(): boolean {
    return this.callers?.any === true;
  }

  wake(): void {
    this.callers?.wake();
  }

  wait(ms: number, what: WaitsFor): Promise<void> {
    return this.slots.lane.gate.wait(ms, what);
  }

  /** As in a lane that handles one after another, and a call of the lane has to be free. */
  turn(delivery: InFlightDelivery): Turn {
    if (this.call !== undefined) return this.called();
    const { gate, context } = this.slots.lane;
    if (gate.ending) return this.unused('lane-ended');
    if (gate.paused) {
      const waits = context.lane.redelivery !== 'server' || delivery.settled;
      return this.unused(waits ? gate.resumed() : 'paused');
    }
    // Its callers go in the order in which they asked.
    if (!this.granted && (this.asks || !this.slots.claim(this))) return this.called();
    this.granted = false;
    this.began(delivery);
    return 'call';
  }

  idle(_delivery?: InFlightDelivery): void {
    this.call = undefined;
    this.context.host.counts.running--;
    this.slots.idle(this);
    this.wake();
  }

  /** Resolves when its call is over, or it may ask again. */
  called(): Promise<void> {
    return (this.callers ??= new Waiters()).wait();
  }

  protected began(delivery: InFlightDelivery): void {
    this.call = delivery;
    this.calledAt = this.context.host.clock.now();
    this.context.host.counts.running++;
    this.slots.began(this);
  }

  private unused(turn: Turn): Turn {
    if (this.granted) {
      this.granted = false;
      this.slots.unused();
    }
    return turn;
  }
}
