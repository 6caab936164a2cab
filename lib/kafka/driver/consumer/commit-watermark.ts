/** A lane with as many unsettled bytes is full, whatever delivery says (kafkajs #526, #1085). */
export const MAX_BYTES = 8 * 1024 * 1024;

/** A delivered message, as the watermark sees it. */
export interface Delivered {
  /** Its place in the watermark, which sets it. */
  place: number;
  /** A whole number; text from kafkajs. */
  readonly offset: string | number | bigint;
}

/** The number of finished entries at the front of the queue at which they are dropped. */
const TRIM_AT = 1_024;

/**
 * The offset up to which a partition is finished: that of the first delivered message that is not. It keeps a queue of
 * delivered messages instead of "offset + 1", because compaction and transaction markers leave gaps. A finished message
 * leaves its place empty at once: behind an unfinished one, thousands of bodies would stay in memory.
 */
export class CommitWatermark {
  private queue: (Delivered | undefined)[] = [];
  private head = 0;
  /** The place of the queue's first entry. */
  private base = 0;

  /** @param next the offset after the last delivered message */
  constructor(private next: number) {}

  /** Delivered and not finished, or finished behind one that is not. */
  get pending(): number {
    return this.queue.length - this.head;
  }

  /** The offset to commit: all below it is finished. */
  get position(): number {
    const first = this.queue[this.head];
    return first === undefined ? this.next : Number(first.offset);
  }

  deliver(messages: readonly Delivered[]): void {
    const last = messages.at(-1);
    if (last === undefined) return;
    for (const message of messages) {
      message.place = this.base + this.queue.length;
      this.queue.push(message);
    }
    this.next = Number(last.offset) + 1;
  }

  /** Advances past finished messages. Ignores a message that was not delivered here or is finished already. */
  finish(message: Delivered): void {
    const index = message.place - this.base;
    if (this.queue[index] !== message) return;
    this.queue[index] = undefined;
    while (this.head < this.queue.length && this.queue[this.head] === undefined) this.head++;
    if (this.head < TRIM_AT || this.head * 2 < this.queue.length) return;
    this.queue = this.queue.slice(this.head);
    this.base += this.head;
    this.head = 0;
  }
}
