import type { AsyncResource } from 'node:async_hooks';
import { type Incoming, type Lane, LazyAbortController, sleep } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { Binding } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';
import type { WaitsFor } from './delivery-observer.js';
import { Delivery } from './delivery.js';
import type { LaneOwner } from './lane-owner.js';
import { LaneQueue } from './lane-queue.js';
import { forgetLeft, supersede } from './left-unsettled.js';
import { type Leased, LeaseKeeper } from './lease-keeper.js';
import { OpenDeliveries } from './open-deliveries.js';
import { Overflow } from './overflow.js';
import { Prefetch } from './prefetch.js';
import { Requests } from './requests.js';
import { Responder } from './responder.js';
import type { Settling } from './settling.js';
import { type LaneState, overdue, slowCall, standstill } from './standstill.js';
import { Waiters } from './waiters.js';

/** At this many waiting messages a lane is full; the driver holds back until fewer wait. */
const FULL_AT = 1_000;
/**
 * The most messages of a lane whose handler was called and that are not settled. Where only what has no gap counts as
 * finished (Kafka), so many pass one that is not settled, whatever became of them: a crash repeats them all.
 */
export const MAX_UNSETTLED = 500;
/** Nobody sees it; without it each lane's end would make an error of its own. */
const INTERRUPTED = new Error('The lane begins no further handler');

/**
 * Runs the deliveries of one lane: one handler after another, in order. While the publishes of one message are being
 * confirmed the next handler may begin; a delivery that waits to come again holds all that are behind it.
 */
export class LaneRunner implements LaneOwner, Leased {
  calling = false;
  ending = false;
  paused = false;
  /** The most messages that are handled and not settled. */
  window = MAX_UNSETTLED;
  readonly responder: Responder;
  private readonly queue = new LaneQueue();
  private readonly open = new OpenDeliveries();
  /** Deliveries of which a handler or a publish runs, or which wait for a further call: a drain waits for them. */
  private active = 0;
  /** When the pump came to its end last: for a lane that is full, since when it stands. */
  private stoodSince = 0;
  private calledAt = 0;
  private latest: Settling | undefined;
  /** Ends the waits for a further call: at the lane's end, and at a pause, where the server has others to call. */
  private interrupt = new LazyAbortController();
  private readonly lease: LeaseKeeper;
  private readonly overflow: Overflow;
  /** Where nobody brings a message back, what asks for an answer has no order. */
  private readonly requests: Requests | undefined;
  /** Where the server gives to other replicas what this one does not ask for. */
  private readonly prefetch: Prefetch | undefined;
  /** What had waited too long behind the message that is at work. */
  private givenBack = 0;
  private readonly room = new Waiters();
  private readonly drainers = new Waiters();
  private readonly callers = new Waiters();
  private readonly resumers = new Waiters();
  /** The pump goes on: it alone begins a first call, and awaits it and its retries before the next one. */
  private pumping = false;
  /** The pump gives the event loop a turn. */
  private inTurn = false;
  /** The running call awaits nothing but confirmations. */
  private confirming = false;
  /** Deliveries that the pump does not await and that are to be called again: nothing begins before that. */
  private holds = 0;

  constructor(
    readonly lane: Lane,
    readonly binding: Binding,
    readonly host: DeliveryHost,
    private readonly scope: AsyncResource,
  ) {
    this.lease = new LeaseKeeper(lane, host.clock, this);
    this.overflow = new Overflow(this);
    this.prefetch = lane.demand === undefined ? undefined : new Prefetch(lane, host.clock);
    this.responder = new Responder(this);
    this.requests = lane.again === 'never' ? new Requests(this, scope) : undefined;
    if (lane.lost.aborted) this.lose();
    else lane.lost.addEventListener('abort', () => { this.lose(); }, { once: true }); // prettier-ignore
  }

  /** Taken and not settled. */
  get taken(): number {
    return this.queue.length + this.open.unsettled;
  }

  /**
   * Whether a handler runs, or will be called without anything else happening. Not: what waits for the clock, for its
   * handler to settle it, behind such a one, or for the outbox, which knows of itself whether it moves.
   */
  get moves(): boolean {
    return (this.calling && !this.confirming) || this.inTurn || this.requests?.moves === true;
  }

  /** Messages whose handler has not been called yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** As the port has it: a promise means full. */
  take(batch: readonly Incoming[]): void | Promise<void> {
    if (this.ending) return;
    const taken = this.lane.waits ? batch : this.overflow.admit(batch, this.queue.length);
    if (this.open.size > this.active) supersede(this.open, taken);
    this.queue.push(taken, this.prefetch?.arrived());
    this.lease.begin();
    this.kick();
    if (this.lane.waits && this.prefetch === undefined && this.queue.length > FULL_AT) return this.room.wait();
  }

  /** What waits is for whoever can handle it. */
  pause(): void {
    if (this.paused || this.ending) return;
    this.paused = true;
    if (this.lane.again === 'server') this.interrupt.abort(() => INTERRUPTED);
    this.giveBack();
  }

  resume(): void {
    if (this.paused && !this.ending) this.interrupt = new LazyAbortController();
    this.paused = false;
    this.resumers.wake();
    this.kick();
  }

  /** Resolves when it is paused no more, or ends. */
  resumed(): Promise<void> {
    return this.resumers.wait();
  }

  /**
   * Begins no further handler, but for what nobody brings back (core NATS): that is handled to the end. What waits
   * for a further attempt is left unsettled.
   *
   * @param callsPaused what nobody brings back is handled although it is paused; otherwise it is dropped and counted
   */
  quiet(callsPaused = true): void {
    const callsOn = this.lane.again === 'never' && (callsPaused || !this.paused);
    if (this.lane.again === 'never' && !callsOn) this.dropWaiting();
    if (callsOn) this.resume();
    else this.beginNothing();
    this.giveBack();
    this.checkDrained();
  }

  /** Resolves when no handler and no publish of this lane runs any more. */
  drained(): Promise<void> {
    return this.isDrained() ? Promise.resolve() : this.drainers.wait();
  }

  /** Aborts what runs; nothing of it is settled any more. Returns what was abandoned. */
  abandon(): readonly string[] {
    const running = [...this.open].filter(({ active }) => active);
    const names = running.map(({ incoming }) => `${this.binding.handler} (${incoming.position})`);
    const lost = this.lane.again === 'never' ? this.queue.length : 0;
    if (lost > 0) names.push(`${String(lost)} message(s) that wait on ${this.lane.name}`);
    this.vanish(() => new MultiBrokerError('MULTI_BROKER_STOP_INCOMPLETE', `${this.binding.handler} was abandoned`));
    return names;
  }

  async wait(ms: number, what: WaitsFor): Promise<void> {
    await sleep(this.host.clock, ms, this.interrupt.signal, what);
  }

  hold(until: () => Promise<void>): void {
    this.holds++;
    void this.scope.runInAsyncScope(until).finally(() => {
      this.holds--;
      this.kick();
      this.checkDrained();
    });
  }

  callBegan(delivery: Settling): void {
    this.calling = true;
    this.latest = delivery;
    this.calledAt = this.host.clock.now();
    this.host.counts.running++;
  }

  callEnded(): void {
    this.calling = false;
    this.host.counts.running--;
    if (this.callers.any) this.callers.wake();
  }

  callConfirms(is: boolean): void {
    this.confirming = is;
  }

  callOver(): Promise<void> {
    return this.callers.wait();
  }

  revived(): void {
    this.active++;
  }

  ended(delivery: Settling): void {
    this.active--;
    if (delivery.settled) this.closed(delivery);
    if (this.drainers.any) this.checkDrained();
  }

  settled(delivery: Settling): void {
    // A lane that this very settlement has lost counts nothing any more.
    if (this.open.unsettled > 0) this.open.unsettled--;
    if (!delivery.active) this.closed(delivery);
  }

  /** Why nothing goes on, where that lasts. */
  get healthIssue(): string | undefined {
    return this.ending || this.paused ? undefined : standstill(this.state);
  }

  /** What takes long and is no fault. */
  get note(): string | undefined {
    return this.ending || this.paused || this.holds > 0 ? undefined : slowCall(this.state);
  }

  private get state(): LaneState {
    const { lane, binding, calling, stoodSince, waiting, isFull } = this;
    const { oldest, span, unsettled } = this.open;
    const { clock } = this.host;
    const isIdle = this.active === 0;
    // Of requests that let nothing more begin, the one that has run longest.
    const byRequests = this.requests?.isFull === true;
    const latest = byRequests ? oldest : this.latest;
    const calledAt = byRequests ? stoodSince : this.calledAt;
    return { lane, binding, clock, isFull, isIdle, calling, span, unsettled, waiting, oldest, latest, stoodSince, calledAt }; // prettier-ignore
  }

  private closed(delivery: Settling): void {
    this.open.closed(delivery);
    if (this.latest === delivery) this.latest = undefined;
    if (!this.pumping) this.kick();
  }

  /** Begins what may begin, where nothing does. */
  kick(): void {
    if (this.pumping || !this.mayBegin()) return;
    if (this.queue.length === 0) {
      this.askForMore();
      return;
    }
    this.pumping = true;
    void this.scope.runInAsyncScope(() => this.pump());
  }

  private mayBegin(): boolean {
    return !this.ending && !this.paused && this.holds === 0 && !this.isFull && this.requests?.isFull !== true;
  }

  /** Where each is settled for itself, what has passed an unsettled one is done with, and counts no more. */
  private get isFull(): boolean {
    const { lane, open, requests } = this;
    return (lane.again === 'hold' ? open.span : open.size - (requests?.running ?? 0)) >= this.window;
  }

  private async pump(): Promise<void> {
    while (this.queue.length > 0 && this.mayBegin()) {
      if (this.host.turns.due()) await this.turn();
      const message = this.mayBegin() ? this.queue.shift() : undefined;
      if (message === undefined) break;
      if (this.room.any && this.queue.length <= FULL_AT) this.room.wake();
      this.prefetch?.began(this.queue.length);
      if (!this.lane.waits) this.overflow.began(message);
      const requests = this.requests?.takes(message) === true ? this.requests : undefined;
      const delivery = new Delivery(message, requests ?? this);
      this.open.add(delivery);
      this.active++;
      if (requests !== undefined) {
        requests.run(delivery);
        continue;
      }
      const running = delivery.begin();
      let { rest } = delivery;
      if (running !== undefined) {
        try {
          rest = delivery.accept(await running);
        } catch (thrown) {
          rest = delivery.recover(thrown, 'call');
        }
      }
      if (rest !== undefined) await rest;
    }
    this.pumping = false;
    if (this.prefetch !== undefined && this.queue.length === 0) this.kick();
    this.stoodSince = this.host.clock.now();
    if (this.queue.length === 0) this.overflow.over();
    if (this.drainers.any) this.checkDrained();
  }

  private async turn(): Promise<void> {
    this.inTurn = true;
    await this.host.turns.next();
    this.inTurn = false;
  }

  private askForMore(): void {
    this.prefetch?.idle();
    this.givenBack = 0;
    if (this.host.ailments.any) this.host.ailments.clear(this.queue);
  }

  /** What waits goes to whoever can handle it, where a server has others to give it to. */
  private giveBack(): number {
    if (this.prefetch === undefined || this.lane.lost.aborted) return 0;
    this.prefetch.stop();
    const messages = [...this.queue];
    this.queue.clear();
    for (const message of messages) this.lane.settle(message, { againInMs: 0 });
    return messages.length;
  }

  private lose(): void {
    const what = `${this.lane.name} was taken away`;
    this.vanish(() => new MultiBrokerError('MULTI_BROKER_STOPPED', what, { retryable: true }));
    this.open.unsettled = 0;
  }

  /** Nothing of this lane is handled or settled any more. Most lanes end idle, and an error is not cheap. */
  private vanish(why: () => Error): void {
    if (this.lane.again === 'never') this.host.counts.dropped += this.queue.length;
    this.queue.clear();
    this.host.ailments.clear(this.queue);
    this.beginNothing();
    this.lease.end();
    if (this.open.size > 0) {
      const reason = why();
      for (const delivery of this.open) delivery.cut(reason);
    }
    this.checkDrained();
  }

  private dropWaiting(): void {
    const { length } = this.queue;
    if (length === 0) return;
    this.host.counts.dropped += length;
    this.host.log.warn(
      `${String(length)} message(s) of ${this.lane.name} were dropped: ${this.binding.handler} is paused`,
    );
    this.queue.clear();
  }

  private beginNothing(): void {
    if (!this.ending) {
      this.ending = true;
      this.interrupt.abort(() => INTERRUPTED);
    }
    this.paused = false;
    this.resumers.wake();
    this.room.wake();
  }

  *inWork(): Iterable<Incoming> {
    for (const { active, settled, incoming } of this.open) if (active && !settled) yield incoming;
    // Without a demand nobody else gets it before this lane is left, and then it goes back.
    if (!this.ending && this.prefetch === undefined) yield* this.queue;
  }

  /** What has waited for a third of its lease goes back: at the next look it might be somebody else's already. */
  leaseLook(thirdMs: number): boolean {
    const { prefetch, queue, lane, binding, isFull } = this;
    if (prefetch === undefined || this.ending) return false;
    const now = this.host.clock.now();
    const isStuck = prefetch.looked() > 3 && (this.pumping || this.holds > 0);
    const back = isStuck || now - (queue.since ?? now) > thirdMs ? this.giveBack() : 0;
    this.givenBack += back;
    if (isFull && !this.pumping && now - this.stoodSince > 3 * thirdMs) {
      forgetLeft(this.open, lane);
      this.kick();
    }
    if ((back > 0 && !isFull) || isStuck) this.host.ailments.set(queue, overdue(binding, lane, this.givenBack));
    return queue.length > 0 || isFull;
  }

  private isDrained(): boolean {
    const willBegin = this.queue.length > 0 && !this.ending && this.lane.again === 'never';
    return this.active === 0 && !willBegin;
  }

  private checkDrained(): void {
    if (this.isDrained()) this.drainers.wake();
  }
}
