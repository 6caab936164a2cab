const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * Kafka's murmur2, as in the Java client and kafkajs's default partitioner: one key has one partition, whichever
 * client wrote it.
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

/** The partition of a key, text or bytes, in a topic of so many partitions. */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
}

/** So many messages without a key go to one partition before the next is taken: fewer, larger requests. */
const RUN = 100;

/** Spreads messages without a key: the first of each call to the next partition, then in runs. */
export class Spread {
  private inRun = 0;

  /** `next` counts partitions from the first, and over again. */
  constructor(private next = 0) {}

  /** Begins a new run, for a new call. */
  turn(): void {
    if (this.inRun > 0) this.advance();
  }

  /** The place of the next message among so many partitions. */
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
