import { bytesOf, keepWithinRetention, Log, type Stored } from '../../twin/index.js';

/** A topic of the bus: its partitions, and who reads them. */
export class TwinTopic {
  readonly partitions: readonly Log<Stored>[];
  readonly #readers: Set<() => void>[];

  constructor(
    readonly name: string,
    partitions: number,
  ) {
    this.partitions = Array.from({ length: partitions }, () => new Log<Stored>(0, bytesOf));
    this.#readers = this.partitions.map(() => new Set());
  }

  /** Returns the offset of the message, and wakes those who read its partition. */
  append(partition: number, message: Stored): number {
    const log = this.partition(partition);
    const offset = log.append(message);
    keepWithinRetention(log);
    for (const wake of this.#readers[partition] ?? []) wake();
    return offset;
  }

  partition(partition: number): Log<Stored> {
    const log = this.partitions[partition];
    if (log === undefined) throw new RangeError(`${this.name} has no partition ${partition}`);
    return log;
  }

  /** Calls `wake` after each append to the partition, until the returned function is called. */
  read(partition: number, wake: () => void): () => void {
    const readers = this.#readers[partition];
    readers?.add(wake);
    return () => readers?.delete(wake);
  }
}
