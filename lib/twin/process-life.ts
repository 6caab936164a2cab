/** Something that ends with its process. */
export interface Mortal {
  /** At once: when it returns nothing of it moves any more. */
  die(reason: Error): void;
}

/**
 * The process of one application as its brokers' twins see it: it dies with all its connections at one moment, and may
 * begin a new life. What belongs to an earlier life stays dead.
 */
export class ProcessLife {
  #ends = new AbortController();
  readonly #mortals = new Set<Mortal>();

  /** Of the life that goes on now; aborted by its end, the reason is why. */
  get now(): AbortSignal {
    return this.#ends.signal;
  }

  get isOver(): boolean {
    return this.now.aborted;
  }

  /** Lives until then; call what is returned when it ends by itself. */
  holds(mortal: Mortal): () => void {
    this.#mortals.add(mortal);
    return () => this.#mortals.delete(mortal);
  }

  end(reason: Error): void {
    if (this.isOver) return;
    this.#ends.abort(reason);
    const mortals = [...this.#mortals];
    this.#mortals.clear();
    for (const mortal of mortals) mortal.die(reason);
  }

  begin(): void {
    if (this.isOver) this.#ends = new AbortController();
  }
}
