import type { Incoming, Lane, Sink } from '../driver/index.js';
import type { DeliveryTurns } from './delivery-turns.js';

/** About as many as a client delivers at once; the bound keeps one lane from starving the others. */
const BATCH = 256;

/**
 * Passes one lane's messages to its sink: in order, one turn of the event loop after they are available, and not while
 * the sink is full.
 */
export class Feed {
  private scheduled = false;
  private full = false;
  private stopped = false;

  /** @param fetch takes at most `max` messages from the lane's bus; returned messages count as delivered */
  constructor(
    private readonly lane: Lane,
    private readonly sink: Sink,
    private readonly turns: DeliveryTurns,
    private readonly fetch: (max: number) => readonly Incoming[],
  ) {}

  /** Whether it would accept a message now. */
  get free(): boolean {
    return !this.full && !this.stopped;
  }

  /** To be called when there may be something to fetch. */
  readonly wake = (): void => {
    if (this.scheduled || !this.free) return;
    this.scheduled = true;
    this.turns.soon(this.turn);
  };

  /** No further message is delivered, not even in a turn that is scheduled. */
  stop(): void {
    this.stopped = true;
  }

  private readonly turn = (): void => {
    this.scheduled = false;
    if (!this.free || this.lane.lost.aborted) return;
    const batch = this.fetch(BATCH);
    if (batch.length === 0) return;
    const room = this.sink.take(this.lane, batch);
    if (this.lane.backpressure && room !== undefined) this.waitFor(room);
    // After a full batch there may be more; after a short one the next arrival wakes the feed.
    else if (batch.length >= BATCH) this.wake();
  };

  private waitFor(room: Promise<void>): void {
    this.full = true;
    const resume = (): void => {
      this.full = false;
      this.wake();
    };
    void room.then(resume, resume);
  }
}

/** Why a twin's lane is lost. Shared by all lanes: an abort without a reason creates an error with a stack each time. */
const LANE_ENDED = new Error('The lane ended');

/** The reason, in the form that {@link LazyAbortController} takes. */
export const laneEnded = (): Error => LANE_ENDED;
