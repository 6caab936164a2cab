import type { Clock, Lane } from '../driver/index.js';

/** What waits is what the handler does in this time: other replicas have the rest. In milliseconds. */
const AHEAD_MS = 200;
/** A handler that takes so long gets its next message when it is done. In milliseconds. */
const SLOW_MS = 1_000;
/** No pace makes more wait. */
const MOST = 1_000;
/** How much faster than measured so far a handler is believed to be: one look is no pace. */
const GROWTH = 4;

/**
 * How many messages of a lane are asked for ahead of its handler, by the pace at which it has worked so far: what waits
 * here no other replica gets. It begins with one where one may wait, as nobody knows yet; 250 of a fast handler are reached in five rounds.
 */
export class Prefetch {
  private size: number;
  /** Since when there has been work without a gap; undefined: there is none. */
  private since: number | undefined;
  private begun = 0;
  private looks = 0;
  private readonly aheadMs: number;
  private readonly slowMs: number;

  constructor(
    private readonly lane: Lane,
    private readonly clock: Clock,
  ) {
    this.size = Math.min(1, lane.maxPrefetch ?? 1);
    // What waits must be handled well before its lease ends.
    const sixth = (lane.leaseMs ?? Infinity) / 6;
    this.aheadMs = Math.min(AHEAD_MS, sixth);
    this.slowMs = Math.min(SLOW_MS, sixth);
  }

  /** Messages have come; returns when. */
  arrived(): number {
    const now = this.clock.now();
    this.since ??= now;
    return now;
  }

  /** A handler is about to be called, and so many messages wait for theirs. */
  began(waiting: number): void {
    // The one that begins now has yet to show how long it takes.
    if (this.begun > 0 && this.begun >= this.size) this.measure();
    this.begun++;
    this.looks = 0;
    if (this.size > 0 && waiting * 2 <= this.size) this.ask(this.size - waiting);
  }

  /** All that came is handled: there is nothing to do but to ask for more. */
  idle(): void {
    if (this.begun > 0) this.measure();
    this.since = undefined;
    this.ask(Math.max(1, this.size));
  }

  /** How often somebody has looked since a handler began. */
  looked(): number {
    return ++this.looks;
  }

  /** Nothing can be begun: what waits was given back, and what still comes is to go the same way. */
  stop(): void {
    this.since = undefined;
    this.begun = 0;
    this.lane.demand?.(0);
  }

  private ask(messages: number): void {
    this.lane.demand?.(messages);
  }

  private measure(): void {
    const now = this.clock.now();
    const tookMs = now - (this.since ?? now);
    const paceMs = tookMs / this.begun;
    this.since = now;
    this.begun = 0;
    const most = Math.min(MOST, this.lane.maxPrefetch ?? MOST, Math.max(1, this.size) * GROWTH);
    const wanted = paceMs >= this.slowMs ? 0 : Math.max(1, Math.floor(this.aheadMs / paceMs));
    this.size = Math.min(most, wanted);
  }
}
