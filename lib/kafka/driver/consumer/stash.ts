import type { KafkaMessage } from 'kafkajs';

/** What was fetched of a partition and not yet handed over, in order. */
export class Stash {
  private batches: (readonly KafkaMessage[])[] = [];
  /** Messages of the first batch that were handed over. */
  private at = 0;
  private left = 0;

  get length(): number {
    return this.left;
  }

  /**
   * Little enough to fetch more: one batch at most. Fetched anew it would cost the network again, and waiting until
   * it is empty would cost a pause of the length of kafkajs's long poll.
   */
  isLow(atMost: number): boolean {
    return this.left <= atMost && this.batches.length <= 1;
  }

  push(batch: readonly KafkaMessage[]): void {
    if (batch.length === 0) return;
    this.batches.push(batch);
    this.left += batch.length;
  }

  /** The next messages, of one batch, in order; at most so many. */
  shift(atMost: number): KafkaMessage[] {
    const first = this.batches[0];
    if (first === undefined) return [];
    const slice = first.slice(this.at, this.at + atMost);
    this.at += slice.length;
    this.left -= slice.length;
    if (this.at === first.length) {
      this.batches.shift();
      this.at = 0;
    }
    return slice;
  }

  clear(): void {
    this.batches = [];
    this.at = 0;
    this.left = 0;
  }
}
