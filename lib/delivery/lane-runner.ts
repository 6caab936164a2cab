import type { AsyncResource } from 'node:async_hooks';
import { Waiters } from '../async/index.js';
import type { Incoming, Lane } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import { type Binding, largestBatch, type SideBySide } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';
import { Delivery } from './delivery.js';
import { BatchStrand, KeyedBatches, SharedBatchStrand } from './batch/index.js';
import type { CallOrder, OrderedLane } from './call-order.js';
import { forgetLeft, InFlight, type InFlightDelivery, supersede } from './in-flight.js';
import { type CallBudget, KeyedStrands } from './side-by-side/index.js';
import { type DeliveryStrand, type FailurePolicy, type LaneContext, LaneGate } from './lane-context.js';
import { type LaneState, overdueMessage, slowCall, slowFilter, stalledLane } from './lane-health.js';
import { type Leased, LeaseKeeper } from './lease-keeper.js';
import { Overflow } from './overflow.js';
import { Prefetch } from './prefetch.js';
import { Requests } from './requests.js';
import { SharedDelivery } from './shared-delivery.js';
import { type Bound, laneContext } from './shared-source.js';
import { Strand } from './strand.js';

/** At this many waiting messages a lane is full: the driver hands nothing over until fewer wait. */
const FULL_AT = 1_000;
/** The same where most of them may wait for a call of their own key, and must not keep other keys from coming. */
const FULL_BY_KEY_AT = 10_000;
/**
 * The most messages of a lane whose handler was called and that are not settled. On Kafka, where the committed offset
 * stays below an unsettled message, it limits how many pass that one: a crash repeats them all.
 */
export const MAX_UNSETTLED = 500;
/** With an order for each key, this many pass a message that is held: more than an operator's first look takes. */
const MAX_PASSED = 50_000;

/**
 * Takes the messages of one lane and hands them to its call order, as far as window, pause and drain allow. Waiting
 * messages are extended, prefetched, returned or dropped, as their server requires.
 */
export class LaneRunner implements OrderedLane, Leased {
  readonly context: LaneContext;
  readonly gate: LaneGate;
  readonly inFlight: InFlight;
  /** The most messages that are handled and not settled. */
  private window: number;
  private readonly leastWindow: number;
  private readonly fullAt: number;
  /** Messages that have passed an unsettled one count in the window. */
  private readonly countsPassed: boolean;
  private readonly order: CallOrder;
  private readonly Delivery: new (message: Incoming, strand: DeliveryStrand) => Delivery;
  private readonly lease: LeaseKeeper;
  private readonly overflow: Overflow;
  /** Where messages are not redelivered, requests are handled concurrently. */
  readonly requests: Requests | undefined;
  /** Where the server gives messages to the replica that asks for them. */
  private readonly prefetch: Prefetch | undefined;
  /** Messages returned to the server, as they had waited too long behind a running handler. */
  private givenBack = 0;
  private readonly room = new Waiters();
  readonly drainers = new Waiters();

  constructor(
    readonly lane: Lane,
    readonly binding: Binding,
    readonly host: DeliveryHost,
    readonly scope: AsyncResource,
    policy: FailurePolicy,
    { budget, takers, plain }: Pick<Bound, 'budget' | 'takers' | 'plain'> = {},
  ) {
    const { sideBySide, batch } = binding;
    const atOnce = messagesAtOnce(binding);
    this.leastWindow = 2 * (atOnce ?? 0);
    this.window = Math.max(MAX_UNSETTLED, this.leastWindow);
    this.fullAt = Math.max(sideBySide === undefined ? FULL_AT : FULL_BY_KEY_AT, this.leastWindow);
    const isInPlace = lane.redelivery === 'in-place';
    this.countsPassed = sideBySide === undefined && isInPlace;
    this.inFlight = new InFlight(sideBySide !== undefined && isInPlace ? MAX_PASSED : undefined);
    this.context = laneContext(lane, { binding, host, policy, takers, plain });
    this.Delivery = takers === undefined ? Delivery : SharedDelivery;
    this.gate = new LaneGate(host.clock);
    // A batch answers no requests.
    this.requests = lane.redelivery === 'none' && batch === undefined ? new Requests(this) : undefined;
    this.order = callOrder(this, this.requests, budget);
    this.lease = new LeaseKeeper(lane, host.clock, this);
    this.overflow = new Overflow(this.context);
    this.prefetch = lane.demand === undefined ? undefined : new Prefetch(lane, host.clock, atOnce);
    if (lane.lost.aborted) this.lose();
    else lane.lost.addEventListener('abort', () => this.lose(), { once: true });
  }

  /** The number of messages taken and not settled. */
  get taken(): number {
    return this.order.waiting + this.inFlight.unsettled;
  }

  /**
   * How many handlers run, or will be called without anything else happening. None of a lane that waits for the clock,
   * for its handler to settle a message, or for the outbox, which reports its own movement.
   */
  get moving(): number {
    return Math.max(this.order.moving, this.requests?.moving ?? 0);
  }

  /** Messages whose handler has not been called yet. */
  get waiting(): number {
    return this.order.waiting;
  }

  /** The number of messages that this handler has taken, of those that share the source, and that are not settled. */
  takenBy(binding: Binding): number {
    if (binding === this.binding) return this.taken;
    const begun = [...this.inFlight].filter((delivery) => delivery.binding === binding && !delivery.settled).length;
    return begun + (this.order.waitingFor?.(binding) ?? 0);
  }

  /** A promise means full: see {@link Sink.take}. */
  take(batch: readonly Incoming[]): void | Promise<void> {
    if (this.gate.ending) return;
    const { order, inFlight, lane } = this;
    const taken = lane.backpressure ? batch : this.overflow.admit(batch, order.waiting);
    if (inFlight.size > inFlight.active) supersede(inFlight, taken);
    order.push(taken, this.prefetch?.arrived());
    this.lease.begin();
    order.kick();
    if (lane.backpressure && this.prefetch === undefined && order.waiting > this.fullAt) return this.room.wait();
  }

  /** Waiting messages are returned, so that other replicas may handle them. */
  pause(): void {
    if (this.gate.paused || this.gate.ending) return;
    this.gate.pause(this.lane.redelivery === 'server');
    this.order.kick();
    this.giveBackAll();
  }

  resume(): void {
    this.gate.resume();
    this.kick();
  }

  /**
   * Begins no further handler, except on a source without redelivery (core NATS), which is handled to the end. Messages
   * that wait for a further attempt are left unsettled.
   *
   * @param callsPaused messages without redelivery are handled although paused; otherwise they are dropped and counted
   */
  stopCalling(callsPaused = true): void {
    const callsOn = this.lane.redelivery === 'none' && (callsPaused || !this.gate.paused);
    if (this.lane.redelivery === 'none' && !callsOn) this.dropWaiting();
    this.gate.draining = true;
    if (callsOn) this.resume();
    else this.beginNothing();
    this.giveBackAll();
    this.checkDrained();
  }

  /** Resolves when no handler and no publish of this lane runs any more. */
  drained(): Promise<void> {
    return this.isDrained() ? Promise.resolve() : this.drainers.wait();
  }

  /** Aborts running deliveries, which are never settled. Returns their names. */
  abandon(): readonly string[] {
    const running = [...this.inFlight].filter(({ active }) => active);
    const names = running.map(({ binding, incoming }) => `${binding.handler} (${incoming.position})`);
    const lost = this.lane.redelivery === 'none' ? this.order.waiting : 0;
    if (lost > 0) names.push(`${String(lost)} message(s) that wait on ${this.lane.name}`);
    this.vanish(() => errorOf('MULTI_BROKER_STOP_INCOMPLETE.handler', { handler: this.binding.handler }));
    return names;
  }

  /** Why the lane has been stalled for a while. */
  get healthIssue(): string | undefined {
    return this.gate.ending || this.gate.paused ? undefined : stalledLane(this.state);
  }

  /** A slow call or filter, which degrades nothing. */
  get note(): string | undefined {
    if (this.gate.ending || this.gate.paused || this.order.isHeld) return undefined;
    const { undecided } = this.order;
    return undecided === undefined ? slowCall(this.state) : slowFilter(undecided, this.state);
  }

  private get state(): LaneState {
    const { lane, isFull, host } = this;
    const { calls, stoodSince, waiting, ready, behind } = this.order;
    const { oldest, span, unsettled, active } = this.inFlight;
    // Where requests are at their limit, the one that has run longest.
    const byRequests = this.requests?.isFull === true;
    const latest = byRequests ? oldest : this.order.latest;
    const calledAt = byRequests ? stoodSince : this.order.calledAt;
    const isIdle = active === 0;
    const isCrowded = this.prefetch !== undefined && calls === 0 && ready === 0 && this.order.isCrowded;
    const counts = { isFull, isCrowded, isIdle, calls, span, unsettled, waiting, ready, behind };
    return { lane, clock: host.clock, ...counts, oldest, latest, stoodSince, calledAt };
  }

  /** Sets its share of all messages that are handled and not settled. */
  shareWindow(share: number): void {
    // A manual handler may collect a number of messages before it settles them: a window that shrinks would stop it.
    if (this.binding.ack !== 'manual') this.window = Math.max(share, this.leastWindow);
  }

  kick(): void {
    this.order.kick();
  }

  mayBegin(): boolean {
    return !this.gate.ending && !this.gate.paused && !this.isFull && this.requests?.isFull !== true;
  }

  /** Where each message is settled for itself, those that have passed an unsettled one no longer count. */
  private get isFull(): boolean {
    const { inFlight, requests } = this;
    if (this.countsPassed) return inFlight.span >= this.window;
    return inFlight.size - (requests?.running ?? 0) >= this.window || inFlight.span >= MAX_PASSED;
  }

  open(message: Incoming, strand: DeliveryStrand): Delivery | undefined {
    this.left(message);
    const requests = this.requests?.takes(message) === true ? this.requests : undefined;
    const delivery = new this.Delivery(message, requests ?? strand);
    this.inFlight.add(delivery);
    if (requests === undefined) return delivery;
    requests.run(delivery);
    return undefined;
  }

  revived(delivery: InFlightDelivery): void {
    const { inFlight, lane } = this;
    if (delivery.active) return;
    inFlight.revive(delivery);
    // It may be at the end of a lease that nobody has extended since its handler was over.
    if (!delivery.settled) lane.extend?.(delivery.incoming);
    this.lease.begin();
  }

  left(message: Incoming): void {
    if (this.room.any && this.order.waiting <= this.fullAt) this.room.wake();
    this.prefetch?.began(this.order.isCrowded ? Infinity : this.order.ready, this.order.free);
    if (!this.lane.backpressure) this.overflow.began(message);
  }

  starved(): void {
    this.prefetch?.idle(this.order.free, this.order.calls);
    this.givenBack = 0;
    if (this.host.healthIssues.any) this.host.healthIssues.clear(this);
  }

  stood(): void {
    const isEmpty = this.order.waiting === 0;
    if (isEmpty) this.overflow.over();
    if (this.prefetch !== undefined && isEmpty) this.order.kick();
    this.checkDrained();
  }

  checkDrained(): void {
    if (this.drainers.any && this.isDrained()) this.drainers.wake();
  }

  *inWork(): Iterable<Incoming> {
    for (const delivery of this.inFlight) if (delivery.active && !delivery.settled) yield delivery.incoming;
    // Without prefetch, waiting messages are this lane's until it ends, so their leases are extended too.
    if (!this.gate.ending) yield* this.prefetch === undefined ? this.order.messages : this.order.kept;
  }

  /** Returns messages that have waited for a third of their lease: at the next look it may have expired. */
  leaseLook(thirdMs: number): boolean {
    const { prefetch, order, lane, isFull } = this;
    if (prefetch === undefined || this.gate.ending) return false;
    const now = this.host.clock.now();
    const isStuck = prefetch.looked() > 3 && order.isBusy;
    const back = isStuck || now - (order.waitingSince ?? now) > thirdMs ? this.giveBack(order.release()) : 0;
    this.givenBack += back;
    if (isFull && !order.isPumping && now - order.stoodSince > 3 * thirdMs) {
      forgetLeft(this.inFlight, lane);
      this.kick();
    }
    if ((back > 0 && !isFull) || isStuck)
      this.host.healthIssues.set(this, overdueMessage(order.latest?.binding ?? this.binding, lane, this.givenBack));
    return order.waiting > 0 || isFull;
  }

  /** Returns waiting messages to a server that has other replicas to give them to. */
  private giveBack(messages: readonly Incoming[]): number {
    this.prefetch?.stop();
    for (const message of messages) this.lane.settle(message, { redeliverInMs: 0 });
    return messages.length;
  }

  private giveBackAll(): void {
    if (this.prefetch !== undefined && !this.lane.lost.aborted) this.giveBack(this.order.clear());
  }

  private lose(): void {
    this.vanish(() => errorOf('MULTI_BROKER_STOPPED.laneLost', { lane: this.lane.name }, { retryable: true }));
    this.inFlight.unsettled = 0;
  }

  /** Ends all handling and settling. `why` is a function, as most lanes end idle and an error is not cheap. */
  private vanish(why: () => Error): void {
    const waiting = this.order.clear().length;
    if (this.lane.redelivery === 'none') this.host.counts.dropped += waiting;
    this.host.healthIssues.clear(this);
    this.beginNothing();
    this.lease.end();
    if (this.inFlight.size > 0) {
      const reason = why();
      for (const delivery of this.inFlight) delivery.cut(reason);
    }
    this.checkDrained();
  }

  private dropWaiting(): void {
    const { length } = this.order.clear();
    if (length === 0) return;
    this.host.counts.dropped += length;
    this.host.log.warn(
      `${String(length)} message(s) of ${this.lane.name} were dropped: ${this.binding.handler} is paused`,
    );
  }

  private beginNothing(): void {
    this.gate.end();
    this.order.kick();
    this.room.wake();
  }

  private isDrained(): boolean {
    const willBegin = this.order.waiting > 0 && !this.gate.ending && this.lane.redelivery === 'none';
    return this.inFlight.active === 0 && !willBegin;
  }
}

/** Decided once: what a binding does not use costs its lanes nothing. */
function callOrder(lane: LaneRunner, requests: Requests | undefined, budget: CallBudget | undefined): CallOrder {
  const { binding, context } = lane;
  const { batch, sideBySide } = binding;
  // The wiring refuses it beside concurrency.
  if (context.shared !== undefined && largestBatch(binding) !== undefined)
    return new SharedBatchStrand(lane, context.shared);
  if (batch === undefined)
    return sideBySide === undefined ? new Strand(lane) : keyedStrands(lane, sideBySide, requests, budget);
  return sideBySide === undefined ? new BatchStrand(lane, batch) : new KeyedBatches(lane, batch, sideBySide, budget);
}

/** Of a binding that handles several; undefined: one after another. */
function messagesAtOnce(binding: Binding): number | undefined {
  const size = largestBatch(binding);
  const perLane = binding.sideBySide?.perLane;
  return size === undefined ? perLane : size * (perLane ?? 1);
}

/** Requests have no order, as each requester waits for its own answer. */
function keyedStrands(
  lane: LaneRunner,
  { perLane, keyOf }: SideBySide,
  requests: Requests | undefined,
  budget: CallBudget | undefined,
): KeyedStrands {
  const orderedBy = (message: Incoming): string | undefined =>
    requests?.takes(message) === true ? undefined : keyOf(message);
  return new KeyedStrands(lane, requests === undefined ? keyOf : orderedBy, perLane, budget);
}
