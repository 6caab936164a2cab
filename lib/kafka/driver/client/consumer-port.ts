import type { FetchedRecord, PartitionOffset } from './records.js';

/** Options of one consumer of one group. */
export interface GroupConsumerOptions {
  readonly groupId: string;
  /** How long the server may hold back its answer to a fetch while it has nothing, in milliseconds. */
  readonly maxWaitMs: number;
  /**
   * Whether it retries for ever while the server is away, and returns as the same member: a new one would have to wait for
   * the session of the old one to expire. Otherwise it crashes after some attempts.
   */
  readonly persistent: boolean;
  /** How many partitions are taken at a time. */
  readonly concurrently: number;
  /**
   * The number of partitions of topics that only other members read: asked where this member leads its group. Without those
   * that the cluster does not tell. Never rejects.
   */
  count(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** Partitions by topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

/** A join of the group, the first one or that of a rebalance. */
export interface GroupJoin {
  /** Stays the same from one join to the next as long as no other member may have had a partition in between. */
  readonly memberId: string;
  readonly isLeader: boolean;
  /** The name of the assigner that all members have in common: {@link ASSIGNER} where all are of this library. */
  readonly assigner: string;
  /** All of this member's partitions, kept ones and new ones. */
  readonly assignment: Assignment;
  /** There was a join between this one and the last: another member may have had a partition, although the id is the same. */
  readonly hasSkipped?: boolean;
}

/**
 * The assigner of groups whose members all use this library, by whichever client. Its rules are those of `assign` in
 * partitioner.ts: a partition goes to a member that reads its topic, also where the leader does not.
 */
export const ASSIGNER = 'nestjs-multi-broker';

/** Records of one partition, as a fetch brought them. */
export interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  /** By rising offsets, not empty. Transaction markers and aborted records are left out. */
  readonly records: readonly FetchedRecord[];
  /** The last offset that the fetch went over: that of the last record, or of markers and aborted records behind it. */
  readonly lastOffset: number;
  /** Whether `seek` was called for the partition after the fetch: nothing of the batch counts any more. */
  isStale(): boolean;
  /** Whether the consumer goes on. Once it does not, what was not handed over yet is fetched by another. */
  isRunning(): boolean;
  /** The next fetch begins behind this record. Without it the batch is fetched again. */
  resolve(record: FetchedRecord): void;
  /** Keeps the member in its group while a batch is taken for long; rejects where it is in it no more. */
  heartbeat(): Promise<void>;
}

/**
 * One consumer of one group, from connecting to its end; it does not come back from a crash. It commits nothing by itself,
 * and begins in a partition without a committed offset at its oldest record: also where the server has lost the offset.
 *
 * Order: `connect`, `subscribe` (one or more times), `run`, `disconnect`. Listeners are called at any time after `connect`.
 */
export interface GroupConsumer {
  connect(): Promise<void>;
  /**
   * Adds topics to read, before `run`. Rejects where the cluster does not have one of them (see
   * {@link ClientFailures.protocolError}), and may not be used then. The cluster is not made to create it.
   */
  subscribe(topics: readonly string[]): Promise<void>;
  /**
   * Joins the group and begins to fetch. Resolves when it has joined, from when commits are accepted; of a join that has
   * failed `crashed` tells, and this resolves or rejects.
   *
   * `take` gets the batches of a partition one after another, the next one when the promise of the one before has resolved;
   * those of several partitions side by side. It rejects with what `heartbeat` has rejected with, and with nothing else: then
   * the batch is fetched again. A partition is fetched again once it was taken and is not
   * paused; one that is slow need not keep the others from being fetched, but may.
   */
  run(take: (batch: FetchedBatch) => Promise<void>): Promise<void>;
  /**
   * The next fetch of the partition begins here, instead of at the committed offset or behind what was resolved. What was
   * fetched before is stale. Called within `joined` it comes before anything is fetched of the new assignment.
   */
  seek(topic: string, partition: number, offset: number): void;
  /** Fetches nothing more of the partition; a fetch on its way may still bring a batch. A join does not change it. */
  pause(topic: string, partition: number): void;
  /** The reverse; of a partition that is not paused it does nothing. */
  resume(topic: string, partition: number): void;
  /**
   * Commits. Resolves once the server has committed all of it, also while the consumer is stopping; rejects where it has
   * not, or may not have, as during a rebalance: the caller tries again.
   */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
  /**
   * Leaves the group, which a fetch on its way may hold up. May take for ever while the server is away, or `take` does not
   * resolve: then `kill` of its client ends it.
   */
  disconnect(): Promise<void>;
}

/** Called by a consumer. None of them throws. */
export interface ConsumerListeners {
  /** The server has answered, whatever it was asked. */
  alive(): void;
  /** A fetch is sent to a node. */
  fetchBegun(node: string): void;
  /** A fetch was answered, and all of it could be decoded. */
  fetched(node: string): void;
  /** A fetch of a partition went up to this offset and held markers or aborted records alone: no batch is handed over. */
  passed(topic: string, partition: number, lastOffset: number): void;
  /** The leader gave this member partitions of topics that it does not read; before the join. */
  foreignTopics(topics: readonly string[]): void;
  /** Before anything of the assignment is fetched, or its committed offsets are asked for. */
  joined(join: GroupJoin): void;
  /** The group is about to rejoin; the assignment still holds, and commits are accepted for a moment more. */
  rebalancing(): void;
  /**
   * The server takes these partitions away, and waits: resolves when their handlers are over and committed, for the rebalance
   * timeout at most. A join without them follows. Of a client that cannot wait it is not called.
   */
  revoking(assignment: Assignment): Promise<void>;
  /** The server does not have the offset that was fetched: the consumer goes on at the oldest record. */
  offsetLost(topic: string, partition: number): void;
  /** A warning or error of the client's log: the reason why an attempt that timed out did not succeed. */
  complained(text: string): void;
  /** The consumer has ended by itself, and does not restart. Once. */
  crashed(cause: Error): void;
}
