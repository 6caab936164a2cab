/** Up to where everything that was taken is settled: what a successor need not read again. */
export class Watermark {
  /** Taken and not below the watermark, in order; true = settled. */
  readonly #taken = new Map<number, boolean>();
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  /** The offset to commit. */
  get position(): number {
    return this.#position;
  }

  taken(offset: number): void {
    this.#taken.set(offset, false);
  }

  done(offset: number): void {
    if (this.#taken.has(offset)) this.#taken.set(offset, true);
    for (const [taken, settled] of this.#taken) {
      if (!settled) return;
      this.#taken.delete(taken);
      this.#position = taken + 1;
    }
  }
}
