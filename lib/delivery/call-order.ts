import type { AsyncResource } from 'node:async_hooks';
import type { Waiters } from '../async/index.js';
import type { Incoming } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { Delivery } from './delivery.js';
import type { InFlight, InFlightDelivery } from './in-flight.js';
import type { DeliveryStrand, LaneContext, LaneGate } from './lane-context.js';
import type { Undecided } from './lane-health.js';
import type { Requests } from './requests.js';

/**
 * Instead of a time, before the first one. Zero as V8 holds a time: with the small integer 0 the first time, which is none,
 * gives the object another hidden class, and compiled code that has met the first one is thrown away while messages wait.
 */
export const NEVER = -0;

/** The lane of a call order, with what its strands share. */
export interface OrderedLane {
  readonly context: LaneContext;
  readonly gate: LaneGate;
  readonly inFlight: InFlight;
  /** The async context of handlers. */
  readonly scope: AsyncResource;
  /** Wait until nothing of it runs. */
  readonly drainers: Pick<Waiters, 'any'>;
  /** What is handled beside the others. */
  readonly requests: Requests | undefined;
  /** Whether any further handler of the lane may be begun. */
  mayBegin(): boolean;
  /** Makes the delivery of a message that has left the queue. Undefined: it is handled beside the others. */
  open(message: Incoming, strand: DeliveryStrand): Delivery | undefined;
  /** A message leaves the queue, and is about to be handled. */
  left(message: Incoming): void;
  /** A further handler could begin, and no message waits for it. */
  starved(): void;
  /** Nothing more is begun by itself: nothing waits, or it may not. */
  stood(): void;
  /** A delivery is called again, which may have ended: from now on the lane waits for it, and keeps its lease. */
  revived(delivery: InFlightDelivery): void;
  /** A delivery or a hold is over. Where nobody waits for a drain it need not be told. */
  checkDrained(): void;
}

/**
 * Where the messages of one lane wait for their handler, and what decides which of them is next: one after another
 * (`Strand`), several in one call (`BatchStrand`, `SharedBatchStrand`), or side by side with an order for each key
 * (`KeyedStrands`). Chosen once, when the lane is opened.
 */
export interface CallOrder {
  /** Messages whose handler has not been called yet. */
  readonly waiting: number;
  /** Those of them that wait for nothing but a free caller. */
  readonly ready: number;
  /** When the oldest of these arrived. */
  readonly waitingSince: number | undefined;
  /** All of them. */
  readonly messages: Iterable<Incoming>;
  /** Messages that wait for a call of their own key: no other member may have them before it is over. */
  readonly kept: Iterable<Incoming>;
  /** How many handlers could be called at once, were there messages. */
  readonly free: number;
  /** Running calls. */
  readonly calls: number;
  /** The delivery of the call that has run longest. */
  readonly latest: InFlightDelivery | undefined;
  /** When that call began. */
  readonly calledAt: number;
  /** Messages that wait for that call. */
  readonly behind: number;
  /** When the last handler was begun: since then a full lane has been stalled. */
  readonly stoodSince: number;
  /** How many handlers run, or will be called without anything else happening. */
  readonly moving: number;
  /** A first call or its retries run. */
  readonly isPumping: boolean;
  /** Every message that waits does so behind one that runs or is held. */
  readonly isBusy: boolean;
  /** So many messages wait for others of their key that no more are fetched. */
  readonly isCrowded: boolean;
  /** A message waits for a further call, and all others of the lane behind it. */
  readonly isHeld: boolean;
  /** The message that filters are asked about before its call, and since when; undefined: none, or one that is called. */
  readonly undecided?: Undecided | undefined;
  /** Messages that wait and that this handler is known to take, of those that share the source. */
  waitingFor?(binding: Binding): number;
  /** @param at when they arrived */
  push(batch: readonly Incoming[], at?: number): void;
  /** Takes out all that wait. */
  clear(): readonly Incoming[];
  /** Takes out those that another member may handle as well: all but {@link kept}. */
  release(): readonly Incoming[];
  /** Begins what may be begun. Called when the lane or its gate has changed. */
  kick(): void;
}
