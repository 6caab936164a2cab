import type { AsyncResource } from 'node:async_hooks';
import type { Incoming, Lane } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';
import type { WaitsFor } from './delivery-observer.js';
import type { Delivery } from './delivery.js';
import type { LaneOwner } from './lane-owner.js';
import type { Responder } from './responder.js';
import type { Settling } from './settling.js';

/** So many requests of a subscription are handled at once, where its handler says nothing else. */
export const CONCURRENT_REQUESTS = 64;

/** The lane of requests, told that more of them may begin. */
interface RequestLane extends LaneOwner {
  kick(): void;
}

/**
 * The requests of one lane, handled side by side: who asks waits for an answer, and each asker for one of their own, so
 * they have no order among each other. One after another, 60 at a time to a handler of 100 ms were 6 s and 10 time-outs.
 *
 * As the owner of their deliveries it lets none of them wait for what else runs on the lane, nor hold that. Each counts
 * until it is answered, so that a target that is down does not make them pile up.
 */
export class Requests implements LaneOwner {
  /** Of another delivery that would have to be waited for. */
  readonly calling = false;
  /** Begun and not over. */
  running = 0;
  private calls = 0;
  /** Of the calls, those that await nothing but confirmations. */
  private confirming = 0;

  constructor(
    private readonly owner: RequestLane,
    private readonly scope: AsyncResource,
  ) {}

  get lane(): Lane {
    return this.owner.lane;
  }

  get binding(): Binding {
    return this.owner.binding;
  }

  get host(): DeliveryHost {
    return this.owner.host;
  }

  get responder(): Responder {
    return this.owner.responder;
  }

  get ending(): boolean {
    return this.owner.ending;
  }

  get paused(): boolean {
    return this.owner.paused;
  }

  /** A handler of theirs runs and awaits more than confirmations. */
  get moves(): boolean {
    return this.calls > this.confirming;
  }

  /** No further one begins, nor what stands behind it. */
  get isFull(): boolean {
    return this.running >= (this.binding.requests?.concurrency ?? CONCURRENT_REQUESTS);
  }

  /** Whether this message is handled beside others. */
  takes(message: Incoming): boolean {
    return this.owner.responder.mayAnswer(message);
  }

  run(delivery: Delivery): void {
    this.running++;
    void delivery.begin()?.then(
      (returned) => delivery.accept(returned),
      (thrown: unknown) => delivery.recover(thrown, 'call'),
    );
  }

  resumed(): Promise<void> {
    return this.owner.resumed();
  }

  /** Nobody waits for another's call. */
  callOver(): Promise<void> {
    return Promise.resolve();
  }

  callBegan(): void {
    this.calls++;
    this.host.counts.running++;
  }

  callEnded(): void {
    this.calls--;
    this.host.counts.running--;
  }

  callConfirms(is: boolean): void {
    this.confirming += is ? 1 : -1;
  }

  wait(ms: number, what: WaitsFor): Promise<void> {
    return this.owner.wait(ms, what);
  }

  /** It alone waits: the next ones begin. */
  hold(until: () => Promise<void>): void {
    void this.scope.runInAsyncScope(until);
  }

  ended(delivery: Settling): void {
    const wasFull = this.isFull;
    this.running--;
    this.owner.ended(delivery);
    if (wasFull) this.owner.kick();
  }

  revived(): void {
    this.running++;
    this.owner.revived();
  }

  settled(delivery: Settling): void {
    this.owner.settled(delivery);
  }
}
