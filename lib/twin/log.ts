/** What a log may hold; the oldest go first. */
export interface Retention {
  readonly messages: number;
  readonly bytes: number;
}

/** Room at the head that is let go of when there is so much of it, and it is half of the log. */
const COMPACT_AT = 1_024;

/**
 * A log: a partition's, or a stream's. What was appended keeps its place, however much before it was dropped or taken
 * out.
 */
export class Log<T> {
  #entries: (T | undefined)[] = [];
  /** So many at the beginning of `#entries` are dropped: cut off now and then, for a shift each would move the rest. */
  #dropped = 0;
  #first: number;
  #size = 0;
  #bytes = 0;

  /**
   * @param first the place of the first entry, as some systems count from 0 and some from 1
   * @param sizeOf an entry's bytes, for a retention by bytes
   */
  constructor(
    first: 0 | 1 = 0,
    private readonly sizeOf: (entry: T) => number = () => 0,
  ) {
    this.#first = first;
  }

  /** The place of the first entry that is kept; of the next one where none is. */
  get first(): number {
    return this.#first;
  }

  /** The place that the next entry will have. */
  get end(): number {
    return this.#first + this.#entries.length - this.#dropped;
  }

  /** How many are kept. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the place of the new entry. */
  append(entry: T): number {
    this.#entries.push(entry);
    this.#size++;
    this.#bytes += this.sizeOf(entry);
    return this.end - 1;
  }

  at(place: number): T | undefined {
    return this.#entries[this.#indexOf(place)];
  }

  /** Takes one out; false where it is gone already. */
  remove(place: number): boolean {
    const index = this.#indexOf(place);
    const entry = this.#entries[index];
    if (entry === undefined) return false;
    this.#entries[index] = undefined;
    this.#size--;
    this.#bytes -= this.sizeOf(entry);
    if (place === this.#first) this.#cutHead();
    return true;
  }

  /** Drops the oldest until no more is kept than that. */
  retain({ messages, bytes }: Retention): void {
    while (this.#size > messages || this.#bytes > bytes) this.remove(this.#first);
  }

  #indexOf(place: number): number {
    return place < this.#first ? -1 : place - this.#first + this.#dropped;
  }

  /** The first entry that is kept is the first of the log. */
  #cutHead(): void {
    while (this.#dropped < this.#entries.length && this.#entries[this.#dropped] === undefined) {
      this.#dropped++;
      this.#first++;
    }
    if (this.#dropped < COMPACT_AT || this.#dropped * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#dropped);
    this.#dropped = 0;
  }
}
