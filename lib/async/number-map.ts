/** Slots of a map that has held an entry, a power of two. */
const LEAST_SLOTS = 16;
/** More of them are given up once they were far too many. */
const KEPT_SLOTS = 256;
/** 2³² divided by the golden ratio: spreads numbers that follow each other at any distance. */
const SPREAD = 0x9e_37_79_b1;

/**
 * A map by whole numbers whose entries come and go with messages, where a `Map` is slow: one that has lived long enough to
 * be in the old generation makes each of its next tables there, after as many changes as it has entries, and the table
 * before it keeps what it held until the next full collection. So each message outlives the young generation (Node 20 to 26:
 * tens of MB, and two to five times the time of an entry).
 *
 * Open addressing: a slot is emptied when its entry goes, and nothing is left in it. Values are not undefined.
 */
export class NumberMap<V> {
  private numbers = new Float64Array(0);
  private found: (V | undefined)[] = [];
  private count = 0;
  /** The most entries since it was empty. */
  private most = 0;
  /** The bits of a hash that are no place. */
  private shift = 32;

  get size(): number {
    return this.count;
  }

  get(number: number): V | undefined {
    return this.count === 0 ? undefined : this.found[this.slotOf(number)];
  }

  set(number: number, value: V): void {
    if (this.count * 2 >= this.found.length) this.grow();
    const slot = this.slotOf(number);
    if (this.found[slot] === undefined) this.most = Math.max(this.most, ++this.count);
    this.numbers[slot] = number;
    this.found[slot] = value;
  }

  delete(number: number): void {
    if (this.count === 0) return;
    const slot = this.slotOf(number);
    if (this.found[slot] === undefined) return;
    this.count--;
    this.empty(slot);
    if (this.count === 0) this.emptied();
  }

  clear(): void {
    this.numbers = new Float64Array(0);
    this.found = [];
    this.count = 0;
    this.most = 0;
    this.shift = 32;
  }

  /** Ascending. */
  keys(): number[] {
    return [...this.numbers].filter((_, slot) => this.found[slot] !== undefined).sort((a, b) => a - b);
  }

  /** By ascending numbers. */
  values(): V[] {
    return this.keys().map((number) => this.get(number) as V);
  }

  /** A backlog is over, and there may be thousands of maps. */
  private emptied(): void {
    if (this.found.length > KEPT_SLOTS && this.most * 8 < this.found.length) this.clear();
    this.most = 0;
  }

  /** Where the number is, or would be. */
  private slotOf(number: number): number {
    const last = this.found.length - 1;
    let slot = this.homeOf(number);
    while (this.found[slot] !== undefined && this.numbers[slot] !== number) slot = (slot + 1) & last;
    return slot;
  }

  private homeOf(number: number): number {
    return Math.imul(number, SPREAD) >>> this.shift;
  }

  /** Moves up the entries behind it that would not be found across an empty slot. */
  private empty(gone: number): void {
    const { found, numbers } = this;
    const last = found.length - 1;
    let hole = gone;
    for (let slot = (hole + 1) & last; found[slot] !== undefined; slot = (slot + 1) & last) {
      const home = this.homeOf(numbers[slot] as number);
      if (((slot - home) & last) < ((slot - hole) & last)) continue;
      found[hole] = found[slot];
      numbers[hole] = numbers[slot] as number;
      hole = slot;
    }
    found[hole] = undefined;
  }

  private grow(): void {
    const { numbers, found } = this;
    const slots = Math.max(LEAST_SLOTS, found.length * 2);
    this.numbers = new Float64Array(slots);
    this.found = Array.from<V | undefined>({ length: slots });
    this.shift = 32 - Math.log2(slots);
    this.count = 0;
    for (const [slot, value] of found.entries()) if (value !== undefined) this.set(numbers[slot] as number, value);
  }
}
