import type { Io, Sink } from '../../driver/index.js';
import { asError } from '../../errors/index.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import type { Assigned, ConsumerGroup, GroupMember } from './consumer-group.js';
import { PartitionLane } from './partition-lane.js';
import { reads, refuseClash } from './subscription.js';
import type { TwinTopic } from './twin-topic.js';

/** What one `subscribe` reads by one group: a member of it. */
export class GroupConsumer implements GroupMember {
  readonly #lanes = new Map<string, PartitionLane>();
  #quiet = false;

  constructor(
    private readonly sources: readonly KafkaSourceSpec[],
    private readonly group: ConsumerGroup,
    private readonly sink: Sink,
    private readonly io: Io,
  ) {}

  reads(topic: string): boolean {
    return this.#sourceOf(topic) !== undefined;
  }

  /** The driver would find the clash when it starts; here the first of the two sources reads on. */
  appeared({ name }: TwinTopic): void {
    try {
      refuseClash(this.sources, name, this.io.broker);
    } catch (thrown) {
      this.io.log.error(asError(thrown).message);
    }
  }

  startOf(topic: TwinTopic, partition: number): number {
    return this.#sourceOf(topic.name)?.fromBeginning === false
      ? topic.partition(partition).end
      : topic.partition(partition).first;
  }

  nextOf(assigned: Assigned): number | undefined {
    return this.#lanes.get(keyOf(assigned))?.next;
  }

  revokeAllBut(partitions: readonly Assigned[]): void {
    const kept = new Set(partitions.map(keyOf));
    for (const [key, lane] of this.#lanes) {
      if (kept.has(key)) continue;
      this.#lanes.delete(key);
      lane.lose();
    }
  }

  assign(partitions: readonly Assigned[]): void {
    for (const assigned of partitions) {
      const source = this.#sourceOf(assigned.topic.name);
      if (source !== undefined && !this.#lanes.has(keyOf(assigned))) this.#open(source, assigned);
    }
  }

  /** Stays a member: what it holds is given to nobody else before it leaves. */
  quiet(): void {
    this.#quiet = true;
    for (const lane of this.#lanes.values()) lane.quiet();
  }

  close(): void {
    this.quiet();
    this.revokeAllBut([]);
    this.group.leave(this);
  }

  #open(source: KafkaSourceSpec, assigned: Assigned): void {
    const lane = new PartitionLane(source, assigned.topic, assigned.partition, this.group, this.sink, this.io);
    this.#lanes.set(keyOf(assigned), lane);
    this.sink.opened(lane);
    if (this.#quiet) lane.quiet();
    else lane.open();
  }

  #sourceOf(topic: string): KafkaSourceSpec | undefined {
    return this.sources.find((source) => reads(source, topic));
  }
}

function keyOf({ topic, partition }: Assigned): string {
  return `${topic.name}/${partition}`;
}
