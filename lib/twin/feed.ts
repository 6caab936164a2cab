import type { Incoming, Lane, Sink } from '../driver/index.js';
import type { Turns } from './turns.js';

/** As many as a client would hand over at once; a bound keeps one lane from starving the others. */
const BATCH = 256;

/**
 * Hands one lane's messages to its sink: a turn of the event loop after they are there, in order, and no further
 * while the sink is full.
 */
export class Feed {
  #scheduled = false;
  #full = false;
  #stopped = false;

  /** `fetch` takes at most `max` messages from where the lane reads; what it returned counts as handed over. */
  constructor(
    private readonly lane: Lane,
    private readonly sink: Sink,
    private readonly turns: Turns,
    private readonly fetch: (max: number) => readonly Incoming[],
  ) {}

  /** Whether it would take a message now. */
  get free(): boolean {
    return !this.#full && !this.#stopped;
  }

  /** There may be something to fetch. */
  readonly wake = (): void => {
    if (this.#scheduled || !this.free) return;
    this.#scheduled = true;
    this.turns.soon(this.#turn);
  };

  /** No further message is handed over, not even in the turn that is due. */
  stop(): void {
    this.#stopped = true;
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (!this.free || this.lane.lost.aborted) return;
    const batch = this.fetch(BATCH);
    if (batch.length === 0) return;
    const room = this.sink.take(this.lane, batch);
    if (this.lane.waits && room !== undefined) this.#waitFor(room);
    // A full batch may have left some behind; a short one took them all, and the next arrival wakes the feed.
    else if (batch.length >= BATCH) this.wake();
  };

  #waitFor(room: Promise<void>): void {
    this.#full = true;
    const resume = (): void => {
      this.#full = false;
      this.wake();
    };
    void room.then(resume, resume);
  }
}
