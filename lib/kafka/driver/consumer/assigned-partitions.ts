import type { Assignment, GroupConsumer } from '../client/consumer-port.js';
import type { PartitionLane } from './partition-lane.js';

/** Lanes after an assignment. */
export interface Change {
  readonly kept: readonly PartitionLane[];
  readonly opened: readonly PartitionLane[];
}

/** Makes the lane of a partition; undefined for a topic that this member does not read. */
export type MakeLane = (topic: string, partition: number) => PartitionLane | undefined;

/** The partitions assigned to one group member, each with its lane. */
export class AssignedPartitions {
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
   * A partition that the same member keeps stays on its lane. Of a client that gives no generation (kafkajs), a member id
   * that is still valid was part of each one; under a new id, another member may have had the partition in between.
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

/**
 * Pauses and resumes partitions. A client may keep a pause when a partition is lost and assigned again (kafkajs does), so
 * each join sets all of them.
 */
export class PartitionFlow {
  private readonly full = new Set<PartitionLane>();

  /** @param held whether a lane is paused for another reason than being full */
  constructor(
    private readonly consumer: Pick<GroupConsumer, 'pause' | 'resume'>,
    private readonly lanes: Iterable<PartitionLane>,
    private readonly held: (lane: PartitionLane) => boolean,
  ) {}

  /** The lane is full. */
  pause(lane: PartitionLane): void {
    if (lane.isLost) return;
    this.full.add(lane);
    this.set(lane);
  }

  /** The lane has room; the next fetch includes it. */
  resume(lane: PartitionLane): void {
    if (this.full.delete(lane) && !lane.isLost) this.set(lane);
  }

  /** Pauses or resumes every partition as its lane requires. */
  apply(): void {
    for (const lane of this.full) if (lane.isLost) this.full.delete(lane);
    for (const lane of this.lanes) this.set(lane);
  }

  private set(lane: PartitionLane): void {
    const { topic, partition } = lane.origin;
    if (this.full.has(lane) || this.held(lane)) this.consumer.pause(topic, partition);
    else this.consumer.resume(topic, partition);
  }
}
