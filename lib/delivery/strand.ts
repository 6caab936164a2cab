import { BatchQueue, Waiters } from '../async/index.js';
import type { Incoming, Lane } from '../driver/index.js';
import { type CallOrder, NEVER, type OrderedLane } from './call-order.js';
import type { WaitsFor } from './delivery-observer.js';
import type { InFlightDelivery } from './in-flight.js';
import type { DeliveryStrand, LaneContext, Turn } from './lane-context.js';

const NONE: readonly Incoming[] = [];

/**
 * One order of calls: one handler after another. While the publishes of one message are being confirmed the next
 * handler may begin; a delivery that is held holds all that are behind it.
 */
export class Strand implements DeliveryStrand, CallOrder {
  readonly context: LaneContext;
  /** A handler runs. */
  calling = false;
  /** When a handler was called last. */
  calledAt = NEVER;
  /** The delivery whose handler was called last, until it is closed. */
  latest: InFlightDelivery | undefined;
  /** When the pump ended last: since then a full lane has been stalled. */
  stoodSince = NEVER;
  protected readonly queue = new BatchQueue<Incoming>();
  private readonly callers = new Waiters();
  /** The pump runs: it alone begins first calls, and awaits each and its retries before the next one. */
  protected pumping = false;
  /** The pump yields to the event loop. */
  protected inTurn = false;
  /** Held deliveries: nothing begins before they are called again. */
  private holds = 0;

  constructor(protected readonly lane: OrderedLane) {
    this.context = lane.context;
  }

  get redelivery(): Lane['redelivery'] {
    return this.context.lane.redelivery;
  }

  /** Messages whose handler has not been called yet. */
  get waiting(): number {
    return this.queue.length;
  }

  readonly isCrowded = false;

  /** Each is called in its turn. */
  get ready(): number {
    return this.queue.length;
  }

  get behind(): number {
    return this.queue.length;
  }

  /** One after another: any other member may have them. */
  get kept(): Iterable<Incoming> {
    return NONE;
  }

  get free(): number {
    return this.pumping ? 0 : 1;
  }

  get calls(): number {
    return this.calling ? 1 : 0;
  }

  get isBusy(): boolean {
    return this.pumping || this.holds > 0;
  }

  /** When the oldest message in the queue arrived. */
  get waitingSince(): number | undefined {
    return this.queue.since;
  }

  get messages(): Iterable<Incoming> {
    return this.queue;
  }

  get moving(): number {
    return (this.calling && this.latest?.moves === true) || this.inTurn ? 1 : 0;
  }

  /** A first call or its retries run. */
  get isPumping(): boolean {
    return this.pumping;
  }

  /** A delivery is called again before anything else begins. */
  get isHeld(): boolean {
    return this.holds > 0;
  }

  /** @param at when they arrived */
  push(batch: readonly Incoming[], at?: number): void {
    this.queue.push(batch, at);
  }

  /** Empties the queue; returns its messages. */
  clear(): readonly Incoming[] {
    const messages = [...this.queue];
    this.queue.clear();
    return messages;
  }

  release(): readonly Incoming[] {
    return this.clear();
  }

  /** Starts the pump, if it does not run and there is something to begin. */
  kick(): void {
    if (this.pumping || !this.mayBegin()) return;
    if (this.waiting === 0) {
      this.lane.starved();
      return;
    }
    this.pumping = true;
    void this.lane.scope.runInAsyncScope(() => this.pump());
  }

  wait(ms: number, what: WaitsFor): Promise<void> {
    return this.lane.gate.wait(ms, what);
  }

  /**
   * A handler that began before this message failed may still run, and a paused one is not called. What the server can
   * give to others, or redeliver later, waits for no resume.
   */
  turn(delivery: InFlightDelivery): Turn {
    if (this.calling) return this.callers.wait();
    const { gate, context } = this.lane;
    if (gate.paused && (context.lane.redelivery !== 'server' || delivery.settled)) return gate.resumed();
    if (gate.ending) return 'lane-ended';
    if (gate.paused) return 'paused';
    this.began(delivery);
    return 'call';
  }

  idle(): void {
    this.calling = false;
    this.context.host.counts.running--;
    if (this.callers.any) this.callers.wake();
  }

  held(delivery: InFlightDelivery, until: () => Promise<void>): void {
    this.lane.revived(delivery);
    this.holds++;
    void this.lane.scope.runInAsyncScope(until).finally(() => {
      this.holds--;
      this.kick();
      this.lane.checkDrained();
    });
  }

  settled(delivery: InFlightDelivery): void {
    this.lane.inFlight.settled();
    if (!delivery.active) this.closed(delivery);
  }

  ended(delivery: InFlightDelivery): void {
    this.lane.inFlight.ended();
    if (delivery.settled) this.closed(delivery);
    this.lane.checkDrained();
  }

  finished(delivery: InFlightDelivery): void {
    const { lane } = this;
    lane.inFlight.finished(delivery);
    this.left(delivery);
    if (lane.drainers.any) lane.checkDrained();
  }

  private closed(delivery: InFlightDelivery): void {
    this.lane.inFlight.closed(delivery);
    this.left(delivery);
  }

  private left(delivery: InFlightDelivery): void {
    if (this.latest === delivery) this.latest = undefined;
    if (!this.pumping) this.kick();
  }

  protected mayBegin(): boolean {
    return this.holds === 0 && this.lane.mayBegin();
  }

  protected began(delivery: InFlightDelivery): void {
    this.calling = true;
    this.latest = delivery;
    this.calledAt = this.context.host.clock.now();
    this.context.host.counts.running++;
  }

  protected async pump(): Promise<void> {
    const { host, lane } = this.context;
    const { turns } = host;
    while (this.queue.length > 0 && this.mayBegin()) {
      if (lane.readsOn === true ? turns.dueOnceSlow() : turns.due()) {
        await this.loopTurn();
        if (!this.mayBegin()) break;
      }
      const message = this.queue.shift();
      if (message === undefined) break;
      const delivery = this.lane.open(message, this);
      if (delivery === undefined) continue;
      this.began(delivery);
      const running = delivery.begin();
      let { rest } = delivery;
      if (running !== undefined) {
        try {
          rest = delivery.accept(await running);
        } catch (thrown) {
          rest = delivery.recover(thrown);
        }
      }
      if (rest !== undefined) await rest;
    }
    this.stop();
  }

  /** Nothing more is begun by itself. */
  protected stop(): void {
    this.pumping = false;
    this.lane.stood();
    this.stoodSince = this.context.host.clock.now();
  }

  protected async loopTurn(): Promise<void> {
    this.inTurn = true;
    await this.context.host.turns.next();
    this.inTurn = false;
  }
}
