import { type Incoming, type Lane, sleep } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { Binding } from './binding.js';
import { Delivery } from './delivery.js';
import type { DeliveryHost } from './delivery-host.js';
import type { LaneOwner } from './lane-owner.js';
import { LaneQueue } from './lane-queue.js';
import { LeaseKeeper } from './lease-keeper.js';

/** At this many waiting messages a lane is full; the driver holds back until fewer wait. */
const FULL_AT = 1_000;
/** The most messages whose handler was called and that are not settled: so many pass a held one, and a crash repeats. */
const MAX_UNSETTLED = 1_000;
/** Where the server does not wait (core NATS), what comes beyond this many waiting messages is dropped and counted. */
const DROP_AT = 65_536;

/**
 * Runs the deliveries of one lane: one handler after another, in order. While the publishes of one message are being
 * confirmed the next handler may begin; a delivery that waits to come again holds all that are behind it.
 */
export class LaneRunner implements LaneOwner {
  private readonly queue = new LaneQueue();
  private readonly active = new Set<Delivery>();
  private readonly unsettled = new Set<Delivery>();
  private readonly interrupt = new AbortController();
  private readonly lease: LeaseKeeper;
  private pumping = false;
  private paused = false;
  private quieted = false;
  private holds = 0;
  private room: { promise: Promise<void>; resolve: () => void } | undefined;
  private whenDrained: (() => void)[] = [];

  constructor(
    readonly lane: Lane,
    readonly binding: Binding,
    readonly host: DeliveryHost,
  ) {
    this.lease = new LeaseKeeper(lane, host.clock, () => this.inWork());
    if (lane.lost.aborted) this.lose();
    else lane.lost.addEventListener('abort', () => { this.lose(); }, { once: true }); // prettier-ignore
  }

  get ending(): boolean {
    return this.interrupt.signal.aborted;
  }

  /** Taken and not settled. */
  get taken(): number {
    return this.queue.length + this.unsettled.size;
  }

  /** As the port has it: a promise means full. */
  take(batch: readonly Incoming[]): void | Promise<void> {
    if (this.ending || (this.quieted && this.lane.waits)) return;
    if (!this.lane.waits && this.queue.length + batch.length > DROP_AT) {
      this.overflow(batch.length);
      return;
    }
    this.queue.push(batch);
    this.lease.begin();
    this.kick();
    if (this.lane.waits && this.queue.length > FULL_AT) return this.untilRoom();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.kick();
  }

  /**
   * Begins no further handler, but for what nobody brings back (core NATS): that is handled to the end. What waits
   * for a further attempt is left unsettled.
   */
  quiet(): void {
    this.quieted = true;
    this.paused = false;
    if (this.lane.again === 'never') this.kick();
    else this.stopWaiting('The broker is being stopped');
    this.checkDrained();
  }

  /** Resolves when no handler and no publish of this lane runs any more. */
  drained(): Promise<void> {
    if (this.isDrained()) return Promise.resolve();
    return new Promise((resolve) => this.whenDrained.push(resolve));
  }

  /** Aborts what runs; nothing of it is settled any more. Returns what was abandoned. */
  abandon(): readonly string[] {
    const names = [...this.active].map(({ incoming }) => `${this.binding.handler} (${incoming.position})`);
    this.cutAll(new MultiBrokerError('MULTI_BROKER_STOP_INCOMPLETE', `${this.binding.handler} was abandoned`));
    return names;
  }

  async wait(ms: number): Promise<void> {
    await sleep(this.host.clock, ms, this.interrupt.signal);
  }

  hold(until: Promise<void>): void {
    this.holds++;
    void until.finally(() => {
      this.holds--;
      this.kick();
      this.checkDrained();
    });
  }

  revived(delivery: Delivery): void {
    this.active.add(delivery);
  }

  ended(delivery: Delivery): void {
    this.active.delete(delivery);
    if (this.whenDrained.length > 0) this.checkDrained();
  }

  settled(delivery: Delivery): void {
    this.unsettled.delete(delivery);
    if (!this.pumping) this.kick();
  }

  private kick(): void {
    if (this.pumping || this.queue.length === 0 || !this.mayBegin()) return;
    this.pumping = true;
    void this.pump();
  }

  private mayBegin(): boolean {
    if (this.ending || this.paused || this.holds > 0 || this.unsettled.size >= MAX_UNSETTLED) return false;
    return !this.quieted || this.lane.again === 'never';
  }

  private async pump(): Promise<void> {
    while (this.queue.length > 0 && this.mayBegin()) {
      if (this.host.turns.due()) await this.host.turns.next();
      const message = this.mayBegin() ? this.queue.shift() : undefined;
      if (message === undefined) break;
      if (this.room !== undefined && this.queue.length <= FULL_AT) this.makeRoom();
      const delivery = new Delivery(message, this);
      this.active.add(delivery);
      this.unsettled.add(delivery);
      const handlers = delivery.begin();
      if (handlers !== undefined) await handlers;
    }
    this.pumping = false;
    if (this.whenDrained.length > 0) this.checkDrained();
  }

  private untilRoom(): Promise<void> {
    if (this.room === undefined) {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((done) => (resolve = done));
      this.room = { promise, resolve };
    }
    return this.room.promise;
  }

  private makeRoom(): void {
    this.room?.resolve();
    this.room = undefined;
  }

  private lose(): void {
    this.cutAll(new MultiBrokerError('MULTI_BROKER_STOPPED', `${this.lane.name} was taken away`, { retryable: true }));
    this.queue.clear();
    this.unsettled.clear();
    this.makeRoom();
  }

  private cutAll(reason: Error): void {
    this.stopWaiting(reason.message);
    for (const delivery of this.active) delivery.cut(reason);
    this.checkDrained();
  }

  private stopWaiting(reason: string): void {
    this.interrupt.abort(reason);
    this.lease.end();
  }

  private overflow(count: number): void {
    this.host.counts.dropped += count;
    const what = `${this.lane.name} of broker '${this.binding.broker}': ${String(count)} message(s) dropped`;
    this.host.log.warn(`${what}, as ${this.binding.handler} is slower than they come and the server does not wait`);
  }

  private *inWork(): Iterable<Incoming> {
    for (const delivery of this.active) yield delivery.incoming;
    yield* this.queue;
  }

  private isDrained(): boolean {
    const willBegin = this.queue.length > 0 && !this.ending && this.lane.again === 'never';
    return this.active.size === 0 && !willBegin;
  }

  private checkDrained(): void {
    if (!this.isDrained()) return;
    const waiting = this.whenDrained;
    this.whenDrained = [];
    for (const resolve of waiting) resolve();
  }
}
