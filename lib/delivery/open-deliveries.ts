import type { Settling } from './settling.js';

/** So many that are over stay in the list before it is made anew. */
const LET_GO_AT = 64;

/**
 * The deliveries of one lane that are active or not settled, in order. A list: a set of them costs 0.5 µs a message.
 */
export class OpenDeliveries {
  private list: Settling[] = [];
  private over = 0;

  get size(): number {
    return this.list.length - this.over;
  }

  add(delivery: Settling): void {
    this.list.push(delivery);
  }

  /** One of them is settled now, and active no more. */
  closed(): void {
    if (++this.over < LET_GO_AT) return;
    this.list = this.list.filter(isOpen);
    this.over = 0;
  }

  /** Those whose handler is over and has not settled them, by position. */
  leftUnsettled(): ReadonlyMap<string, Settling> {
    const left = new Map<string, Settling>();
    for (const delivery of this) if (!delivery.active) left.set(delivery.incoming.position, delivery);
    return left;
  }

  *[Symbol.iterator](): Iterator<Settling> {
    for (const delivery of this.list) if (isOpen(delivery)) yield delivery;
  }
}

function isOpen({ active, settled, superseded }: Settling): boolean {
  return active || !(settled || superseded);
}
