import type { Incoming } from '../driver/index.js';

/** Messages of one lane that wait for their handler, as the batches in which they came: nothing is copied. */
export class LaneQueue {
  private batches: (readonly Incoming[])[] = [];
  private position = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(batch: readonly Incoming[]): void {
    if (batch.length === 0) return;
    this.batches.push(batch);
    this.count += batch.length;
  }

  shift(): Incoming | undefined {
    const batch = this.batches[0];
    if (batch === undefined) return undefined;
    const message = batch[this.position++];
    if (this.position === batch.length) {
      this.batches.shift();
      this.position = 0;
    }
    this.count--;
    return message;
  }

  clear(): void {
    this.batches = [];
    this.position = 0;
    this.count = 0;
  }

  *[Symbol.iterator](): Iterator<Incoming> {
    for (const [index, batch] of this.batches.entries()) yield* index === 0 ? batch.slice(this.position) : batch;
  }
}
