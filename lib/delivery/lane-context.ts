import { type Clock, LazyAbortController, sleep, Waiters } from '../async/index.js';
import type { Incoming, Lane } from '../driver/index.js';
import type { Binding, DeliveryContext } from './binding.js';
import type { DeliveredMessage } from './delivery-context.js';
import type { DeliveryHost } from './delivery-host.js';
import type { WaitsFor } from './delivery-observer.js';
import type { Disposition } from './disposition.js';
import type { InFlightDelivery } from './in-flight.js';
import type { PlainRoute } from './plain-route.js';
import type { Responder } from './responder.js';
import type { Attempts } from './retry.js';

/** Settings and services that all deliveries of one lane share. */
export interface LaneContext {
  readonly lane: Lane;
  readonly binding: Binding;
  readonly host: DeliveryHost;
  readonly responder: Responder;
  readonly policy: FailurePolicy;
  /** The short way of plain results, where the handler's options allow it. */
  readonly plain?: PlainRoute | undefined;
  /** Where several handlers share the source: who takes a message. */
  readonly shared?: Sharing | undefined;
}

/** The handlers that share a source. */
export interface Sharing {
  /** Never throws or rejects. Undefined: nobody takes the message. A promise only where a filter gives one. */
  choose(context: DeliveryContext): Choice | undefined | Promise<Choice | undefined>;
}

/** The handler that takes a message. `failed`: its filter has thrown, so nobody has taken the message yet. */
export interface Choice {
  /** Its own settings and services on the lane. */
  readonly on: LaneContext;
  readonly failed?: { readonly thrown: unknown };
}

/**
 * `call`: granted, and the call counts as begun. `paused`: the server can give the message to others. A promise: ask
 * again when it resolves.
 */
export type Turn = 'call' | 'lane-ended' | 'paused' | Promise<void>;

/**
 * The strand as its deliveries see it. They ask it for a further call, and report four events: `idle`, `held`,
 * `settled`, `ended`; most are `finished`, which is both of the last two.
 */
export interface DeliveryStrand {
  readonly context: LaneContext;
  /** How a failed message comes again: as its lane says, unless the strand holds it here for the sake of its order. */
  readonly redelivery: Lane['redelivery'];
  /** Waits, but not past the lane's end. */
  wait(ms: number, what: WaitsFor): Promise<void>;
  /** Asks for a further call, which must follow at once: several deliveries may wait for one turn. */
  turn(delivery: InFlightDelivery): Turn;
  /** The handler's part is over. */
  idle(delivery: InFlightDelivery): void;
  /**
   * No further handler begins before `until` is done, which runs in the async context of the lane. A delivery that had
   * ended is active again.
   */
  held(delivery: InFlightDelivery, until: () => Promise<void>): void;
  /** It is settled with the server. */
  settled(delivery: InFlightDelivery): void;
  /** The server gives the message of a delivery that had ended to another one. */
  forgotten?(): void;
  /** Neither its handler nor a publish of it runs any more. */
  ended(delivery: InFlightDelivery): void;
  /** It is settled and ended, both at once. */
  finished(delivery: InFlightDelivery): void;
}

/** A failure, and of what: for a publish or a dead letter the handler is not called again in place. */
export interface Failure {
  readonly error: Error;
  readonly of: 'call' | 'publish' | 'letter';
}

/** A delivery that has failed, as policies, logs and health see it. */
export interface FailedDelivery {
  readonly incoming: Incoming;
  readonly context: LaneContext;
  /** How its message comes again: see {@link DeliveryStrand.redelivery}. */
  readonly redelivery: Lane['redelivery'];
  readonly attempts: Attempts;
  /** With the server. */
  readonly settled: boolean;
  /** As the newest attempt sees it, while there is one. */
  readonly message: DeliveredMessage | undefined;
}

/**
 * Decides what follows a failure. Policies wrap one another: retries in place first, then the ack policy. A promise
 * is awaited before anything else happens to the message, so that a policy may publish it elsewhere first.
 */
export interface FailurePolicy {
  onFailure(failure: Failure, delivery: FailedDelivery): Disposition | Promise<Disposition>;
}

/** Never shown; made once, as each lane's end would otherwise make an error of its own. */
const INTERRUPTED = new Error('The lane begins no further handler');

/** Whether the handlers of one lane are called at all. It may be paused and resumed; it ends once. */
export class LaneGate {
  /** The lane is lost, is being stopped, or was given up: nothing more is begun, nothing unfinished is settled. */
  ending = false;
  /** No handler is called; retries wait, too. */
  paused = false;
  /** No further message comes, and those that came are handled to the end. */
  draining = false;
  /** Ends the waits for a further call: at the lane's end, and at a pause where the server redelivers. */
  private interrupt = new LazyAbortController();
  private readonly resumers = new Waiters();

  constructor(private readonly clock: Clock) {}

  /** Resolves when it is resumed, or ends. */
  resumed(): Promise<void> {
    return this.resumers.wait();
  }

  /** Waits, but not past the lane's end. Goes on with the wait after a pause that is over before anybody has seen it. */
  async wait(ms: number, what: WaitsFor): Promise<void> {
    const { clock } = this;
    const dueAt = clock.now() + ms;
    do await sleep(clock, Math.max(0, dueAt - clock.now()), this.interrupt.signal, what);
    while (clock.now() < dueAt && !this.paused && !this.ending);
  }

  /** @param interrupts whether waits for a further call end */
  pause(interrupts: boolean): void {
    this.paused = true;
    if (interrupts) this.interrupt.abort(() => INTERRUPTED);
  }

  resume(): void {
    // Waits that the pause has not ended are still ended by the lane's end.
    if (!this.ending && this.interrupt.aborted) this.interrupt = new LazyAbortController();
    this.paused = false;
    this.resumers.wake();
  }

  end(): void {
    if (!this.ending) {
      this.ending = true;
      this.interrupt.abort(() => INTERRUPTED);
    }
    this.paused = false;
    this.resumers.wake();
  }
}
