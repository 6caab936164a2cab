import { Fifo } from '../../async/index.js';
import type { Incoming } from '../../driver/index.js';
import type { KeyStrand } from './key-strand.js';

/**
 * The messages of a lane by key. Keys take turns, in the order in which their next messages became ready: one with many
 * messages does not hold up the others. Whatever happens to a message costs the same, however many wait: the next one
 * is the head of a list, and a key that waits is not in it.
 */
export class KeyedQueue<S extends KeyStrand> {
  /** Messages whose handler has not been called yet. */
  waiting = 0;
  /** A strand is kept only as long as messages of its key are here: memory does not grow with the number of keys. */
  private readonly strands = new Map<string, S>();
  /** Those whose next message may begin. */
  protected readonly readyStrands = new Fifo<S>();

  constructor(
    private readonly keyOf: (message: Incoming) => string | undefined,
    private readonly strandFor: (key: string | undefined) => S,
  ) {}

  /** How many keys have a message that may begin; a message without a key counts as one. */
  get ready(): number {
    return this.readyStrands.length;
  }

  /** When the first of these became ready. */
  get readySince(): number | undefined {
    return this.readyStrands.head?.readySince;
  }

  /** How many keys have messages here, waiting or unfinished. */
  get keys(): number {
    return this.strands.size;
  }

  push(message: Incoming, at: number): void {
    this.pushTo(this.strandOf(message), message, at);
  }

  /** The strand whose turn it is; its next message waits for nothing but a call. */
  shift(): S | undefined {
    for (let strand = this.readyStrands.shift(); strand !== undefined; strand = this.readyStrands.shift()) {
      if (!strand.isReady) continue;
      this.leaveReady(strand);
      // Held since: it is made ready again when that is over.
      if (strand.mayBegin) return strand;
    }
    return undefined;
  }

  /** Takes out the next message of the strand. */
  take(strand: S): Incoming | undefined {
    const message = strand.queue.shift();
    if (message !== undefined) this.waiting--;
    return message;
  }

  /** Nothing of the strand runs or is held: its next message is ready, or nothing of its key is here any more. */
  rests(strand: S, now: () => number): void {
    if (!strand.mayBegin) return;
    if (strand.queue.length > 0) this.makeReady(strand, now());
    else this.forget(strand);
  }

  /** Takes out all messages, those of one key in their order. */
  clear(): Incoming[] {
    const messages = this.release();
    for (const strand of this.strands.values()) this.empty(strand, messages);
    return messages;
  }

  /** Takes out the messages of all keys of which none runs or is held. */
  release(): Incoming[] {
    const messages: Incoming[] = [];
    for (let strand = this.shift(); strand !== undefined; strand = this.shift()) this.empty(strand, messages);
    return messages;
  }

  /** All that wait. */
  *messages(): Iterable<Incoming> {
    for (const strand of this.strands.values()) yield* strand.queue;
    for (const strand of this.readyStrands) if (strand.key === undefined) yield* strand.queue;
  }

  /** Those that wait for a message of their own key. */
  *behind(): Iterable<Incoming> {
    for (const strand of this.strands.values()) if (!strand.isReady) yield* strand.queue;
  }

  protected pushTo(strand: S, message: Incoming, at: number): void {
    strand.queue.push(message);
    this.waiting++;
    if (strand.mayBegin) this.makeReady(strand, at);
  }

  protected makeReady(strand: S, at: number): void {
    if (strand.isReady) return;
    strand.isReady = true;
    strand.readySince = at;
    this.readyStrands.push(strand);
  }

  /** Its entry in the list, if it has one, is passed over. */
  protected leaveReady(strand: S): void {
    strand.isReady = false;
  }

  private strandOf(message: Incoming): S {
    const key = this.keyOf(message);
    if (key === undefined) return this.strandFor(undefined);
    const known = this.strands.get(key);
    if (known !== undefined) return known;
    const strand = this.strandFor(key);
    this.strands.set(key, strand);
    return strand;
  }

  private empty(strand: S, into: Incoming[]): void {
    const messages = strand.drain();
    this.waiting -= messages.length;
    for (const message of messages) into.push(message);
    this.forget(strand);
  }

  private forget(strand: S): void {
    if (strand.key !== undefined && strand.isIdle) this.strands.delete(strand.key);
  }
}
