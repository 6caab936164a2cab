import type { Incoming } from '../driver/index.js';

/** Batches that were handed out are kept until so many can be let go at once: moving a long array costs 20 µs. */
const LET_GO_AT = 1_024;

const NONE: readonly Incoming[] = [];

/** Messages of one lane that wait for their handler, as the batches in which they came: nothing is copied. */
export class LaneQueue {
  private batches: (readonly Incoming[])[] = [];
  /** When each of them came. */
  private times: number[] = [];
  /** The batch in hand, and the place in it. */
  private first = 0;
  private position = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** When the message that has waited longest came; undefined where none waits. */
  get since(): number | undefined {
    return this.times[this.first];
  }

  push(batch: readonly Incoming[], at = 0): void {
    if (batch.length === 0) return;
    this.batches.push(batch);
    this.times.push(at);
    this.count += batch.length;
  }

  shift(): Incoming | undefined {
    const batch = this.batches[this.first];
    if (batch === undefined) return undefined;
    const message = batch[this.position++];
    if (this.position === batch.length) this.nextBatch();
    this.count--;
    return message;
  }

  clear(): void {
    this.batches = [];
    this.times = [];
    this.first = 0;
    this.position = 0;
    this.count = 0;
  }

  *[Symbol.iterator](): Iterator<Incoming> {
    let from = this.position;
    for (const batch of this.batches.slice(this.first)) {
      yield* batch.slice(from);
      from = 0;
    }
  }

  private nextBatch(): void {
    // The messages go at once, their place in the list later.
    this.batches[this.first++] = NONE;
    this.position = 0;
    if (this.first < LET_GO_AT && this.first < this.batches.length) return;
    this.batches = this.batches.slice(this.first);
    this.times = this.times.slice(this.first);
    this.first = 0;
  }
}
