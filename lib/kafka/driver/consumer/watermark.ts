/** A delivered message, as far as the watermark is concerned. */
export interface Delivered {
  settled: boolean;
  /** The client gives text. */
  readonly offset: string | number;
}

/** Finished entries at the front of the queue are let go of when there are so many. */
const TRIM_AT = 1_024;

/**
 * How far a partition is finished: up to the first delivered message that is not. It is a queue of what was delivered
 * and not "offset + 1", because compaction and transaction markers leave gaps.
 */
export class Watermark {
  private queue: (Delivered | undefined)[] = [];
  private head = 0;

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
    for (const message of messages) this.queue.push(message);
    this.next = Number(last.offset) + 1;
  }

  /** Moves on past what is finished. */
  advance(): void {
    while (this.queue[this.head]?.settled === true) this.queue[this.head++] = undefined;
    if (this.head < TRIM_AT || this.head * 2 < this.queue.length) return;
    this.queue = this.queue.slice(this.head);
    this.head = 0;
  }
}
