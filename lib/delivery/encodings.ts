/**
 * Running codecs of one broker. Most codecs return no promise; behind one that does nothing overtakes, so that messages
 * are published in order.
 */
export class Encodings {
  private readonly last = new Map<object, Promise<void>>();
  /** Running codecs, results that wait for their turn included. A field, as it is read for each message. */
  running = 0;

  /**
   * The result of a codec, in the order of the calls of one `line`: as it is, or a promise that resolves, or rejects,
   * in its turn. Codecs run concurrently.
   */
  inOrder<T>(line: object, made: T | Promise<T>): T | Promise<T> {
    const before = this.running === 0 ? undefined : this.last.get(line);
    if (before === undefined && !(made instanceof Promise)) return made;
    const ready = Promise.all([made, before]).then(([done]) => done);
    this.begin(line, ready, before);
    return ready;
  }

  private begin(line: object, ready: Promise<unknown>, before: Promise<void> | undefined): void {
    this.running++;
    // Resolves after the caller's own reactions.
    const over = Promise.allSettled([ready, before]).then(() => {
      this.running--;
      if (this.last.get(line) === over) this.last.delete(line);
    });
    this.last.set(line, over);
  }
}
