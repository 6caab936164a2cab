import type { PartitionReceipt, RecordToWrite } from './records.js';

/** A partition of a topic, as the cluster's metadata have it. */
export interface TopicPartition {
  readonly partitionId: number;
  /** The node that leads it; negative without one. */
  readonly leader: number;
}

/** Decides the partition of records. */
export interface Partitioner {
  /**
   * The partition of a record; one that it has already stays. Called by a producer for each record of a send, before it is
   * written, with all partitions of the topic: the same array until there are newer metadata.
   */
  pick(topic: string, partitions: readonly TopicPartition[], record: RecordToWrite): number;
}

/** One producer. It retries no send by itself, unless it is idempotent and repeats under the same sequence. */
export interface Producer {
  /** Resolves when it is connected. May be called again, to find out whether a lost connection can be made anew. */
  connect(): Promise<void>;
  /**
   * One attempt to write records to a topic, of any of its partitions, in their order within each; confirmed by all replicas
   * in sync. Resolves with a receipt for each partition that was written: where one is missing its records were not. Rejects
   * where any partition has failed; others may be written all the same. {@link ClientFailures.send} reads the error.
   */
  send(topic: string, records: readonly RecordToWrite[]): Promise<readonly PartitionReceipt[]>;
  /** Resolves when what is being sent is over. */
  disconnect(): Promise<void>;
  /**
   * Whether a topic that it has written to, and that was deleted since, makes sends to others fail: it is replaced then.
   */
  mayBePoisoned(): boolean;
  /** The client's own producer, for `native()`. */
  readonly native: unknown;
}
