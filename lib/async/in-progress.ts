/**
 * What is in progress: few at a time, which end about in the order in which they began. For that a `Set` has the fault of a
 * `Map` (see `NumberMap`): what has ended stays in memory until the next full collection.
 */
export class InProgress<T> implements Iterable<T> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  add(item: T): void {
    this.items.push(item);
  }

  /** Whether it was in progress. */
  delete(item: T): boolean {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    return at >= 0;
  }

  /** A copy: items may end meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.items][Symbol.iterator]();
  }
}
