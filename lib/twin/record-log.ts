import type { Stored } from './stored.js';

/** Bounds of a log; the oldest entries are dropped first. */
export interface Retention {
  readonly messages: number;
  readonly bytes: number;
}

/** The head of the array is freed once this many entries, and half of it, are dropped. */
const COMPACT_AT = 1_024;

/**
 * The log of a partition or a stream. Entries keep their place when earlier ones are dropped or removed.
 */
export class RecordLog<T> {
  private entries: (T | undefined)[] = [];
  /** Number of dropped entries at the head of `entries`, freed together: shifting each would move the rest. */
  private dropped = 0;
  private firstPlace: number;
  private kept = 0;
  private keptBytes = 0;

  /**
   * @param first the place of the first entry: some systems count from 0, some from 1
   * @param sizeOf an entry's bytes, for a retention by bytes
   */
  constructor(
    first: 0 | 1 = 0,
    private readonly sizeOf: (entry: T) => number = () => 0,
  ) {
    this.firstPlace = first;
  }

  /** The place of the oldest entry; of the next one if there is none. */
  get first(): number {
    return this.firstPlace;
  }

  /** The place of the next entry. */
  get end(): number {
    return this.firstPlace + this.entries.length - this.dropped;
  }

  /** Number of entries. */
  get size(): number {
    return this.kept;
  }

  get bytes(): number {
    return this.keptBytes;
  }

  /** Returns the place of the new entry. */
  append(entry: T): number {
    this.entries.push(entry);
    this.kept++;
    this.keptBytes += this.sizeOf(entry);
    return this.end - 1;
  }

  at(place: number): T | undefined {
    return this.entries[this.indexOf(place)];
  }

  /** Removes an entry; false if it is not there. */
  remove(place: number): boolean {
    const index = this.indexOf(place);
    const entry = this.entries[index];
    if (entry === undefined) return false;
    this.entries[index] = undefined;
    this.kept--;
    this.keptBytes -= this.sizeOf(entry);
    if (place === this.firstPlace) this.cutHead();
    return true;
  }

  /** Drops the oldest entries until the log is within these bounds. */
  retain({ messages, bytes }: Retention): void {
    while (this.kept > messages || this.keptBytes > bytes) this.remove(this.firstPlace);
  }

  private indexOf(place: number): number {
    return place < this.firstPlace ? -1 : place - this.firstPlace + this.dropped;
  }

  /** Moves `first` to the oldest entry. */
  private cutHead(): void {
    while (this.dropped < this.entries.length && this.entries[this.dropped] === undefined) {
      this.dropped++;
      this.firstPlace++;
    }
    if (this.dropped < COMPACT_AT || this.dropped * 2 < this.entries.length) return;
    this.entries = this.entries.slice(this.dropped);
    this.dropped = 0;
  }
}

/**
 * Bounds of a twin's partition, or of its stream without limits. A server keeps far more, for days and on disk; this is
 * memory, and still much more than a consumer ever lags behind in a test.
 */
export const TWIN_RETENTION: Retention = { messages: 100_000, bytes: 64 * 1_048_576 };

/** Approximate bytes of a message besides its body: key, headers and objects. */
const OVERHEAD = 256;

/** Bytes of a message, for a retention by bytes. */
export function bytesOf({ size }: Stored): number {
  return OVERHEAD + size;
}

/** Keeps a log within the twin's own bounds. */
export function keepWithinRetention(log: RecordLog<Stored>): void {
  log.retain(TWIN_RETENTION);
}
