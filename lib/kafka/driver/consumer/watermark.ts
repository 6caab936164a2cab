/** With so many bytes unsettled a lane is full, whatever delivery says (kafkajs #526, #1085). */
export const MAX_BYTES = 8 * 1024 * 1024;

/** A delivered message, as far as the watermark is concerned. */
export interface Delivered {
  /** The watermark's own: where the message stands in it. */
  place: number;
  /** The client gives text. */
  readonly offset: string | number;
}

/** Finished entries at the front of the queue are let go of when there are so many. */
const TRIM_AT = 1_024;

/**
 * How far a partition is finished: up to the first delivered message that is not. It is a queue of what was delivered
 * and not "offset + 1", because compaction and transaction markers leave gaps. A message that is finished leaves its
 * place empty at once: behind one that is not, thousands of bodies would be kept.
 */
export class Watermark {
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

  /** Moves on past what is finished. What was not delivered here, or is finished already, changes nothing. */
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
