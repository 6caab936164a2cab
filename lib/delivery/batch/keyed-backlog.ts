import type { Incoming } from '../../driver/index.js';
import type { BatchBinding } from '../binding.js';
import { KeyedQueue } from '../side-by-side/index.js';
import type { BatchKey } from './batch-key.js';

/** A message that was taken out. */
interface Taken {
  readonly message: Incoming;
  readonly key: BatchKey;
  readonly place: number;
}

/** The messages of a lane by key, of which a batch takes those whose keys no other batch has. */
export class KeyedBacklog extends KeyedQueue<BatchKey> {
  /** Messages that wait for nothing but a call. */
  available = 0;
  /** Of their bodies. */
  bytes = 0;
  private pushed = 0;
  /** When the first of them arrived, if that is known. */
  private oldest: number | undefined;

  /** When the first message arrived that waits for nothing but a call. */
  get availableSince(): number | undefined {
    if (this.available === 0) return undefined;
    this.oldest ??= this.oldestOf(this.readyStrands);
    return this.oldest;
  }

  /**
   * Takes out the next batch, in the order of the lane. Keys take turns; the one whose turn it is gives as many messages as
   * fit, which leaves other keys to the batches beside this one.
   */
  nextBatch({ maxSize, maxBytes = Infinity }: Pick<BatchBinding, 'maxSize' | 'maxBytes'>): readonly Taken[] {
    const taken: Taken[] = [];
    let bytes = 0;
    const fits = (message: Incoming | undefined): message is Incoming =>
      message !== undefined && (taken.length === 0 || (taken.length < maxSize && bytes + bytesOf(message) <= maxBytes));
    for (let key = this.first; key !== undefined && fits(key.queue.head); key = this.first) {
      this.shift();
      for (let message = key.queue.head; fits(message); message = key.queue.head) {
        bytes += bytesOf(message);
        taken.push({ message, key, place: key.arrivals.head?.place ?? 0 });
        this.take(key);
      }
    }
    return taken.sort((one, other) => one.place - other.place);
  }

  override take(key: BatchKey): Incoming | undefined {
    const message = super.take(key);
    if (message !== undefined) {
      key.arrivals.shift();
      key.bytes -= bytesOf(message);
    }
    return message;
  }

  /** A delivery of the key is held, and its messages wait for that. */
  holds(key: BatchKey): void {
    if (key.isReady) this.leaveReady(key);
  }

  protected override pushTo(key: BatchKey, message: Incoming, at: number): void {
    const bytes = bytesOf(message);
    key.arrivals.push({ place: this.pushed++, at });
    key.bytes += bytes;
    if (key.isReady) {
      this.available++;
      this.bytes += bytes;
    }
    super.pushTo(key, message, at);
  }

  protected override makeReady(key: BatchKey, at: number): void {
    if (key.isReady) return;
    const since = key.arrivals.head?.at ?? at;
    super.makeReady(key, since);
    if (this.available === 0) this.oldest = since;
    else if (this.oldest !== undefined) this.oldest = Math.min(this.oldest, since);
    this.available += key.queue.length;
    this.bytes += key.bytes;
  }

  protected override leaveReady(key: BatchKey): void {
    super.leaveReady(key);
    this.available -= key.queue.length;
    this.bytes -= key.bytes;
    this.oldest = undefined;
  }

  /** The key whose turn it is. */
  private get first(): BatchKey | undefined {
    for (let head = this.readyStrands.head; head !== undefined; head = this.readyStrands.head) {
      if (head.isReady) return head;
      this.readyStrands.shift();
    }
    return undefined;
  }

  private oldestOf(keys: Iterable<BatchKey>): number {
    let oldest = Infinity;
    for (const { isReady, readySince } of keys) if (isReady && readySince < oldest) oldest = readySince;
    return oldest;
  }
}

function bytesOf({ body }: Incoming): number {
  return body?.byteLength ?? 0;
}
