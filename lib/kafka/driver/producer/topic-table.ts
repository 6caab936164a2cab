import type { ICustomPartitioner, Message, PartitionMetadata } from 'kafkajs';

import { partitionOfKey, Spread } from '../../partitioner.js';

/** What is known of a topic. */
interface Known {
  readonly metadata: readonly PartitionMetadata[];
  readonly count: number;
  /** Partitions that have a leader: those that messages without a key go to. */
  readonly available: readonly number[];
  readonly spread: Spread;
}

/**
 * The partitions of the topics that are written to. kafkajs tells them to its partitioner only, so this is one; it
 * picks nothing twice: a message keeps its partition whatever is tried again (kafkajs #1303).
 */
export class TopicTable {
  private readonly topics = new Map<string, Known>();

  /** For kafkajs's `createPartitioner`. */
  readonly partitioner: ICustomPartitioner =
    () =>
    ({ topic, partitionMetadata, message }) => {
      const known = this.learn(topic, partitionMetadata);
      message.partition ??= pick(known, message.key);
      return message.partition;
    };

  knows(topic: string): boolean {
    return this.topics.has(topic);
  }

  forget(topic: string): void {
    this.topics.delete(topic);
  }

  /** Gives each message its partition, of a topic that is known. */
  assign(topic: string, messages: readonly Message[]): void {
    const known = this.topics.get(topic);
    if (known === undefined) return;
    known.spread.turn();
    for (const message of messages) message.partition ??= pick(known, message.key);
  }

  /** Called for each message: kafkajs gives the same array until it has asked the cluster again. */
  private learn(topic: string, metadata: readonly PartitionMetadata[]): Known {
    const before = this.topics.get(topic);
    if (before?.metadata === metadata) return before;
    const known = {
      metadata,
      count: metadata.length,
      available: metadata.filter(({ leader }) => leader >= 0).map(({ partitionId }) => partitionId),
      spread: before?.spread ?? new Spread(),
    };
    this.topics.set(topic, known);
    return known;
  }
}

function pick({ count, available, spread }: Known, key: Message['key']): number {
  if (key !== null && key !== undefined) return partitionOfKey(key, count);
  return available.length === 0 ? spread.pick(count) : (available[spread.pick(available.length)] ?? 0);
}
