import type { Settling } from './settling.js';

/** So many that are over stay at the front of the list before it is made anew. */
const LET_GO_AT = 64;
/** No list of a lane that keeps its limit by {@link OpenDeliveries.span} gets as long. */
const SPARSE_AT = 4_096;

/**
 * The deliveries of one lane that are active or not settled, in order. A list: a set of them costs 0.5 µs a message.
 * What is over leaves its place empty at once, so that nothing of it is kept behind one that is open.
 */
export class OpenDeliveries {
  /** Handled and not settled, by hand some time perhaps. */
  unsettled = 0;
  private list: (Settling | undefined)[] = [];
  /** Those before it are over. */
  private first = 0;
  /** The place of the list's first entry. */
  private base = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** How many have begun since the oldest open one, itself included: where it is a head, so many have passed it. */
  get span(): number {
    return this.list.length - this.first;
  }

  get oldest(): Settling | undefined {
    return this.list[this.first];
  }

  add(delivery: Settling): void {
    this.unsettled++;
    this.put(delivery);
  }

  private put(delivery: Settling): void {
    delivery.place = this.base + this.list.length;
    this.list.push(delivery);
    this.count++;
  }

  /** It is settled now, and active no more. */
  closed(delivery: Settling): void {
    const index = delivery.place - this.base;
    if (this.list[index] !== delivery) return;
    this.list[index] = undefined;
    this.count--;
    while (this.first < this.list.length && this.list[this.first] === undefined) this.first++;
    if (this.first >= LET_GO_AT) this.letGo();
    else if (this.span > SPARSE_AT && this.count * 2 < this.span) this.closeUp();
  }

  /** Those whose handler is over and has not settled them, by position. */
  leftUnsettled(): ReadonlyMap<string, Settling> {
    const left = new Map<string, Settling>();
    for (const delivery of this) if (!delivery.active) left.set(delivery.incoming.position, delivery);
    return left;
  }

  *[Symbol.iterator](): Iterator<Settling> {
    for (let index = this.first; index < this.list.length; index++) {
      const delivery = this.list[index];
      if (delivery !== undefined) yield delivery;
    }
  }

  private letGo(): void {
    this.list = this.list.slice(this.first);
    this.base += this.first;
    this.first = 0;
  }

  /** One that is never settled must not keep the places of all that come after it. */
  private closeUp(): void {
    const open = [...this];
    this.list = [];
    this.first = 0;
    this.count = 0;
    for (const delivery of open) this.put(delivery);
  }
}
