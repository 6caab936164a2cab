/**
 * What the codecs of one broker are at work on. Most codecs give no promise; behind one that does, nothing overtakes, so
 * that what is published keeps its order.
 */
export class Encodings {
  private readonly last = new Map<object, Promise<void>>();
  private open = 0;

  /** Codecs at work, what is encoded and waits for its turn included. */
  get running(): number {
    return this.open;
  }

  /**
   * What a codec makes, in the order of the calls of one `line`: as it is, or a promise that resolves, or rejects, in its
   * turn. Codecs work side by side.
   */
  inOrder<T>(line: object, made: T | Promise<T>): T | Promise<T> {
    const before = this.open === 0 ? undefined : this.last.get(line);
    if (before === undefined && !(made instanceof Promise)) return made;
    const ready = Promise.all([made, before]).then(([done]) => done);
    this.begin(line, ready, before);
    return ready;
  }

  private begin(line: object, ready: Promise<unknown>, before: Promise<void> | undefined): void {
    this.open++;
    // Resolves behind what the caller does with it.
    const over = Promise.allSettled([ready, before]).then(() => {
      this.open--;
      if (this.last.get(line) === over) this.last.delete(line);
    });
    this.last.set(line, over);
  }
}
