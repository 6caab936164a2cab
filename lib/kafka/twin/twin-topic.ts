import { bytesOf, keepWithinRetention, RecordLog, type Stored } from '../../twin/index.js';

/** A topic: its partitions and their readers. */
export class TwinTopic {
  readonly partitions: readonly RecordLog<Stored>[];
  private readonly readers: Set<() => void>[];

  constructor(
    readonly name: string,
    partitions: number,
  ) {
    this.partitions = Array.from({ length: partitions }, () => new RecordLog<Stored>(0, bytesOf));
    this.readers = this.partitions.map(() => new Set());
  }

  /** Returns the message's offset, and wakes the partition's readers. */
  append(partition: number, message: Stored): number {
    const log = this.partition(partition);
    const offset = log.append(message);
    keepWithinRetention(log);
    for (const wake of this.readers[partition] ?? []) wake();
    return offset;
  }

  partition(partition: number): RecordLog<Stored> {
    const log = this.partitions[partition];
    if (log === undefined) throw new RangeError(`${this.name} has no partition ${partition}`);
    return log;
  }

  /** Calls `wake` after each append to the partition, until the returned function is called. */
  read(partition: number, wake: () => void): () => void {
    const readers = this.readers[partition];
    readers?.add(wake);
    return () => readers?.delete(wake);
  }
}
