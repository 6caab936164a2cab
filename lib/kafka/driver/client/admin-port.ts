import type { WantedTopic } from '../../new-topics.js';
import type { PartitionOffset } from './records.js';

/** The offsets that a partition holds. */
export interface PartitionBounds {
  readonly partition: number;
  /** The oldest one. */
  readonly oldest: number;
  /** The one that the next record gets. */
  readonly end: number;
}

/** A member of a group. */
export interface GroupMember {
  readonly memberId: string;
  /** The topics that it reads; none where what it has told cannot be read. */
  readonly topics: ReadonlySet<string>;
  /** By topic; empty where nothing was assigned. */
  readonly assignment: Readonly<Record<string, readonly number[]>>;
}

/** A group, as its coordinator has it. */
export interface GroupDescription {
  /** Not rebalancing. */
  readonly isStable: boolean;
  readonly members: readonly GroupMember[];
}

/**
 * Questions to a cluster, and the few things that are made there. Each method rejects with the client's error, which
 * {@link ClientFailures} reads. None makes the cluster create a topic that it is asked for.
 */
export interface Admin {
  connect(): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
  /** '' where the cluster has none. */
  clusterId(): Promise<string>;
  /** All topics that this client may describe. */
  listTopics(): Promise<string[]>;
  /** The number of partitions of each. Rejects, as a whole, where one of them is missing or may not be described. */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Resolves once the topic can be used: true if this call has created it, false if it was there. */
  createTopic(topic: WantedTopic): Promise<boolean>;
  /**
   * What a group has committed of each partition of the topics; without topics, whatever it has committed. The offset is
   * negative where nothing is: -1, or -2 where the client went on at the oldest record.
   */
  committed(groupId: string, topics: readonly string[]): Promise<readonly PartitionOffset[]>;
  /** Of each partition, in order. */
  bounds(topic: string): Promise<readonly PartitionBounds[]>;
  /** Undefined where there is no such group. */
  group(groupId: string): Promise<GroupDescription | undefined>;
  deleteGroup(groupId: string): Promise<void>;
}
