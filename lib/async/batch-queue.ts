/** Empty batches are removed in bulk: moving a long array costs 20 µs. */
const TRIM_AT = 1_024;

const EMPTY: readonly never[] = [];

/** A queue of items that arrive in batches, which are not copied. */
export class BatchQueue<T> {
  /** How many items are left. A field, as it is read for each of them; written here alone. */
  length = 0;
  private batches: (readonly T[])[] = [];
  /** When each batch was pushed. */
  private times: number[] = [];
  /** Index of the first batch with items left, and of its next item. */
  private first = 0;
  private position = 0;

  /** When the oldest item was pushed; undefined when the queue is empty. */
  get since(): number | undefined {
    return this.times[this.first];
  }

  /** How many batches have items left. */
  get batchCount(): number {
    return this.batches.length - this.first;
  }

  push(batch: readonly T[], at = 0): void {
    if (batch.length === 0) return;
    this.batches.push(batch);
    this.times.push(at);
    this.length += batch.length;
  }

  /** The item that {@link shift} would take out. */
  get next(): T | undefined {
    return this.batches[this.first]?.[this.position];
  }

  shift(): T | undefined {
    const batch = this.batches[this.first];
    if (batch === undefined) return undefined;
    const item = batch[this.position++];
    if (this.position === batch.length) this.nextBatch();
    this.length--;
    return item;
  }

  /** The next items in order, at most `atMost`, and all of one batch. */
  shiftMany(atMost: number): T[] {
    const batch = this.batches[this.first];
    if (batch === undefined) return [];
    const items = batch.slice(this.position, this.position + atMost);
    this.position += items.length;
    this.length -= items.length;
    if (this.position === batch.length) this.nextBatch();
    return items;
  }

  clear(): void {
    this.batches = [];
    this.times = [];
    this.first = 0;
    this.position = 0;
    this.length = 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    let from = this.position;
    for (const batch of this.batches.slice(this.first)) {
      yield* batch.slice(from);
      from = 0;
    }
  }

  private nextBatch(): void {
    this.position = 0;
    if (this.batches.length === 1) {
      // Keeps the room of both lists, which slices would make anew for each message that comes alone.
      this.batches.pop();
      this.times.pop();
      return;
    }
    // Releases the items at once; their slot in the list is removed later, in bulk.
    this.batches[this.first++] = EMPTY;
    if (this.first < TRIM_AT && this.first < this.batches.length) return;
    this.batches = this.batches.slice(this.first);
    this.times = this.times.slice(this.first);
    this.first = 0;
  }
}
