import type { Clock } from '../async/index.js';
import type { Lane } from '../driver/index.js';

/** As many messages are prefetched as the handler does in this time: other replicas have the rest. In milliseconds. */
const AHEAD_MS = 200;
/** A handler that takes this long gets its next message when it is done. In milliseconds. */
const SLOW_MS = 1_000;
/** The most messages that are prefetched. */
const MOST = 1_000;
/** The size grows by this factor at most: one measurement is no pace. */
const GROWTH = 4;

/**
 * How many messages of a lane are fetched ahead of its handler, by its pace so far: no other replica gets a message
 * that waits here. It begins with one, where any may wait, and reaches 250 for a fast handler in five rounds.
 */
export class Prefetch {
  private size: number;
  /** When the handler began to work without a gap; undefined: it is idle. */
  private since: number | undefined;
  private begun = 0;
  private looks = 0;
  private readonly aheadMs: number;
  private readonly slowMs: number;

  /** @param callers how many handlers run side by side */
  constructor(
    private readonly lane: Lane,
    private readonly clock: Clock,
    private readonly callers = 1,
  ) {
    this.size = Math.min(1, lane.maxPrefetch ?? 1);
    // Waiting messages must be handled well before their leases end.
    const sixth = (lane.leaseMs ?? Infinity) / 6;
    this.aheadMs = Math.min(AHEAD_MS, sixth);
    this.slowMs = Math.min(SLOW_MS, sixth);
  }

  /** Messages have arrived; returns the time. */
  arrived(): number {
    const now = this.clock.now();
    this.since ??= now;
    return now;
  }

  /**
   * A handler is about to be called.
   *
   * @param waiting the messages left in the queue; Infinity: no more may come
   * @param free how many more could be called at once
   */
  began(waiting: number, free = 0): void {
    // Those that begin now have yet to show how long they take.
    if (this.begun >= this.callers && this.begun >= this.size) this.measure();
    this.begun++;
    this.looks = 0;
    const wanted = Math.max(free, this.size);
    if (wanted > 0 && waiting * 2 <= wanted) this.ask(wanted - waiting);
  }

  /** The queue is empty: asks for more, so that `free` handlers can be called, beside the running `calls`. */
  idle(free = 1, calls = 0): void {
    if (calls === 0) {
      if (this.begun > 0) this.measure();
      this.since = undefined;
    }
    this.ask(Math.max(free, this.size));
  }

  /** Counts the lease looks since a handler began. */
  looked(): number {
    return ++this.looks;
  }

  /** No handler can be begun: asks for nothing. */
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
