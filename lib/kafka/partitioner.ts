const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * Kafka's murmur2, as in the Java client and kafkajs's default partitioner: a key has one partition, whichever client
 * writes it.
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const words = length >> 2;
  let h = SEED ^ length;
  for (let word = 0; word < words; word++) {
    let k = Math.imul(wordAt(data, word << 2), M);
    k = Math.imul(k ^ (k >>> R), M);
    h = Math.imul(h, M) ^ k;
  }
  h = tail(data, words << 2, h);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}

const wordAt = (data: Uint8Array, at: number): number =>
  byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24);

const byte = (data: Uint8Array, at: number): number => data[at] ?? 0;

function tail(data: Uint8Array, from: number, h: number): number {
  const left = data.length - from;
  if (left === 0) return h;
  if (left === 3) h ^= byte(data, from + 2) << 16;
  if (left >= 2) h ^= byte(data, from + 1) << 8;
  return Math.imul(h ^ byte(data, from), M);
}

/** The partition of a key, text or bytes, in a topic of that number of partitions. */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
}

/** The number of messages without a key that go to one partition before the next: fewer, larger requests. */
const RUN = 100;

/** Spreads messages without a key: the first of each call to the next partition, then in runs. */
export class Spread {
  private inRun = 0;

  /** @param next counts partitions from the first, and wraps around */
  constructor(private next = 0) {}

  /** Begins a new run, for a new call. */
  turn(): void {
    if (this.inRun > 0) this.advance();
  }

  /** The partition of the next message, of that number of partitions. */
  pick(partitions: number): number {
    if (this.inRun >= RUN) this.advance();
    this.inRun++;
    return this.next % partitions;
  }

  private advance(): void {
    this.next++;
    this.inRun = 0;
  }
}

/** A topic of a group, and the members that read it, in order of assignment. */
export interface GroupTopic<T, M> {
  readonly topic: T;
  readonly partitions: number;
  readonly readers: readonly M[];
}

/** A partition, and the member that has it. */
export interface Owned<T, M> {
  readonly topic: T;
  readonly partition: number;
  readonly owner: M;
}

/**
 * Assigns a group's partitions: each goes to the member with the fewest so far, among those that read its topic; of
 * equals, to the first. Topics with few readers come first, so that the others can balance them. Where all members read
 * the same topics, this is kafkajs's round robin, which continues from one topic to the next. A topic without readers
 * is left out.
 */
export function assign<T, M>(topics: readonly GroupTopic<T, M>[]): Owned<T, M>[] {
  const held = new Map<M, number>();
  const owned: Owned<T, M>[] = [];
  for (const { topic, partitions, readers } of topics.toSorted((a, b) => a.readers.length - b.readers.length)) {
    for (let partition = 0; partition < partitions; partition++) {
      const owner = leastOf(readers, held);
      if (owner === undefined) break;
      held.set(owner, (held.get(owner) ?? 0) + 1);
      owned.push({ topic, partition, owner });
    }
  }
  return owned;
}

function leastOf<M>(readers: readonly M[], held: ReadonlyMap<M, number>): M | undefined {
  const count = (reader: M): number => held.get(reader) ?? 0;
  return readers.reduce<M | undefined>(
    (least, reader) => (least === undefined || count(reader) < count(least) ? reader : least),
    undefined,
  );
}
