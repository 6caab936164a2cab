import type { AsyncResource } from 'node:async_hooks';
import { CONCURRENT_REQUESTS, type Incoming, type Lane } from '../driver/index.js';
import type { Delivery } from './delivery.js';
import type { WaitsFor } from './delivery-observer.js';
import type { InFlight, InFlightDelivery } from './in-flight.js';
import type { DeliveryStrand, LaneContext, LaneGate, Turn } from './lane-context.js';

/** The lane of requests. */
interface RequestLane {
  readonly context: LaneContext;
  readonly gate: LaneGate;
  readonly inFlight: InFlight;
  readonly scope: AsyncResource;
  /** More may begin. */
  kick(): void;
  checkDrained(): void;
}

/**
 * The requests of one lane, handled side by side: each requester waits for an answer, so that requests have no order
 * among each other. One after another, 60 at a time to a handler of 100 ms were 6 s and 10 time-outs.
 *
 * As the strand of their deliveries it lets none of them wait for other calls of the lane, or hold them up. Each counts
 * until it is answered, so that requests do not pile up while a target is down.
 */
export class Requests implements DeliveryStrand {
  readonly context: LaneContext;
  /** Begun and not over. */
  running = 0;
  private calls = 0;

  constructor(private readonly lane: RequestLane) {
    this.context = lane.context;
  }

  get redelivery(): Lane['redelivery'] {
    return this.context.lane.redelivery;
  }

  /** How many handlers of the lane run and await more than confirmations, while one of theirs does. */
  get moving(): number {
    let moving = 0;
    if (this.calls > 0) for (const delivery of this.lane.inFlight) if (delivery.moves) moving++;
    return moving;
  }

  /** No further request begins, nor any message behind it. */
  get isFull(): boolean {
    return this.running >= (this.context.binding.requests?.concurrency ?? CONCURRENT_REQUESTS);
  }

  /** Whether this message is a request, and handled beside others. @param on of the handler that takes it, if known */
  takes(message: Incoming, { responder }: LaneContext = this.context): boolean {
    return responder.mayAnswer(message);
  }

  run(delivery: Delivery): void {
    this.running++;
    this.began();
    void delivery.begin()?.then(
      (returned) => delivery.accept(returned),
      (thrown: unknown) => delivery.recover(thrown),
    );
  }

  wait(ms: number, what: WaitsFor): Promise<void> {
    return this.lane.gate.wait(ms, what);
  }

  /** A request does not wait for another's call. */
  turn(): Turn {
    const { gate } = this.lane;
    if (gate.paused) return gate.resumed();
    if (gate.ending) return 'lane-ended';
    this.began();
    return 'call';
  }

  idle(): void {
    this.calls--;
    this.context.host.counts.running--;
  }

  /** It waits alone: the next ones begin. */
  held(delivery: InFlightDelivery, until: () => Promise<void>): void {
    if (!delivery.active) this.running++;
    this.lane.inFlight.revive(delivery);
    void this.lane.scope.runInAsyncScope(until);
  }

  settled(delivery: InFlightDelivery): void {
    this.lane.inFlight.settled();
    if (!delivery.active) this.closed(delivery);
  }

  ended(delivery: InFlightDelivery): void {
    const wasFull = this.isFull;
    this.running--;
    this.lane.inFlight.ended();
    if (delivery.settled) this.closed(delivery);
    this.lane.checkDrained();
    if (wasFull) this.lane.kick();
  }

  finished(delivery: InFlightDelivery): void {
    this.running--;
    this.lane.inFlight.finished(delivery);
    this.lane.kick();
    this.lane.checkDrained();
  }

  private closed(delivery: InFlightDelivery): void {
    this.lane.inFlight.closed(delivery);
    this.lane.kick();
  }

  private began(): void {
    this.calls++;
    this.context.host.counts.running++;
  }
}
