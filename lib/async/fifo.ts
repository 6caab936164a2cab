/** Removed places at the front of the list are given up in bulk, this many at a time. */
const TRIM_AT = 64;

/** Nothing is pushed into it. */
const EMPTY: never[] = [];

/** A queue of items that come one by one. One that is empty holds nothing, so that there may be thousands. */
export class Fifo<T> {
  private items: (T | undefined)[] = EMPTY;
  private first = 0;

  get length(): number {
    return this.items.length - this.first;
  }

  /** The item that is shifted next. */
  get head(): T | undefined {
    return this.items[this.first];
  }

  /** Into an empty array V8 would push by room for seventeen, and most queues have one item at a time. */
  push(item: T): void {
    if (this.items.length === 0) this.items = [item];
    else this.items.push(item);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.first];
    this.items[this.first++] = undefined;
    if (this.length === 0) this.clear();
    else if (this.first >= TRIM_AT && this.first * 2 >= this.items.length) this.trim();
    return item;
  }

  /** Empties the queue; returns its items. */
  drain(): T[] {
    const items = [...this];
    this.clear();
    return items;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.first; index < this.items.length; index++) yield this.items[index] as T;
  }

  private clear(): void {
    this.items = EMPTY;
    this.first = 0;
  }

  private trim(): void {
    this.items = this.items.slice(this.first);
    this.first = 0;
  }
}
