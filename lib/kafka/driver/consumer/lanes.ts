import type { PartitionLane } from './partition-lane.js';

/** Partitions by topic, as kafkajs tells an assignment. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

/** What an assignment changed. */
export interface Change {
  readonly kept: readonly PartitionLane[];
  readonly opened: readonly PartitionLane[];
}

/** Makes the lane of a partition; undefined for a topic that nobody here reads. */
export type MakeLane = (topic: string, partition: number) => PartitionLane | undefined;

/** The lanes of one group member: one for each partition that it has. */
export class Lanes {
  private lanes = new Map<string, PartitionLane>();
  private memberId: string | undefined;

  constructor(private readonly make: MakeLane) {}

  [Symbol.iterator](): Iterator<PartitionLane> {
    return this.lanes.values();
  }

  get(topic: string, partition: number): PartitionLane | undefined {
    return this.lanes.get(keyOf(topic, partition));
  }

  /**
   * A partition that the same member keeps goes on on its lane. kafkajs tells no generation, but a member id that is
   * still valid was in every one of them; with a new one, somebody else may have had the partition in between.
   */
  assign(memberId: string, assignment: Assignment): Change {
    const before = memberId === this.memberId ? this.lanes : new Map<string, PartitionLane>();
    if (before !== this.lanes) this.loseAll();
    this.memberId = memberId;
    this.lanes = new Map();
    const kept: PartitionLane[] = [];
    const opened: PartitionLane[] = [];
    for (const [topic, partition] of partitionsOf(assignment)) {
      const key = keyOf(topic, partition);
      const old = before.get(key);
      const lane = old ?? this.make(topic, partition);
      if (lane === undefined) continue;
      (old === undefined ? opened : kept).push(lane);
      this.lanes.set(key, lane);
      before.delete(key);
    }
    for (const lane of before.values()) lane.lose();
    return { kept, opened };
  }

  loseAll(): void {
    for (const lane of this.lanes.values()) lane.lose();
    this.lanes = new Map();
  }
}

/** `topic/partition`: a topic's name holds no slash. */
export const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

function* partitionsOf(assignment: Assignment): Iterable<[string, number]> {
  for (const [topic, partitions] of Object.entries(assignment)) {
    for (const partition of partitions) yield [topic, partition];
  }
}
