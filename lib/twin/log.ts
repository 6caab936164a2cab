/** An append-only log: a partition's, or a stream's. What was appended keeps its place. */
export class Log<T> {
  readonly #entries: T[] = [];
  readonly #first: number;

  /** `first`: the place of the first entry, as some systems count from 0 and some from 1. */
  constructor(first: 0 | 1 = 0) {
    this.#first = first;
  }

  /** The place of the first entry, whether or not there is one yet. */
  get first(): number {
    return this.#first;
  }

  /** The place that the next entry will have. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  /** Returns the place of the new entry. */
  append(entry: T): number {
    return this.#first + this.#entries.push(entry) - 1;
  }

  at(place: number): T | undefined {
    return this.#entries[place - this.#first];
  }
}
