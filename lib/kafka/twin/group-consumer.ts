import type { DriverContext, Sink, SourceSpec } from '../../driver/index.js';
import { asError, errorOf } from '../../errors/index.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import type { Assigned, ConsumerGroup, GroupMember } from './consumer-group.js';
import { PartitionLane } from './partition-lane.js';
import { collides, type TwinCluster } from './twin-cluster.js';
import type { TwinTopic } from './twin-topic.js';

/** A member of a group, for the sources of one `subscribe`. */
export class GroupConsumer implements GroupMember {
  private readonly lanes = new Map<string, PartitionLane>();
  private quiet = false;

  constructor(
    private readonly sources: readonly KafkaSourceSpec[],
    private readonly group: ConsumerGroup,
    private readonly sink: Sink,
    private readonly io: DriverContext,
  ) {}

  reads(topic: string): boolean {
    return this.sourceOf(topic) !== undefined;
  }

  /** The driver would find the clash at its next start; here the first of the two sources goes on reading. */
  appeared({ name }: TwinTopic): void {
    try {
      refuseClash(this.sources, name, this.io.broker);
    } catch (thrown) {
      this.io.log.error(asError(thrown).message);
    }
  }

  startOf(topic: TwinTopic, partition: number): number {
    return this.sourceOf(topic.name)?.fromBeginning === false
      ? topic.partition(partition).end
      : topic.partition(partition).first;
  }

  nextOf(assigned: Assigned): number | undefined {
    return this.lanes.get(keyOf(assigned))?.next;
  }

  revokeAllBut(partitions: readonly Assigned[]): void {
    if (this.lanes.size === 0) return;
    const kept = new Set(partitions.map(keyOf));
    for (const [key, lane] of this.lanes) {
      if (kept.has(key)) continue;
      this.lanes.delete(key);
      lane.lose();
    }
  }

  assign(partitions: readonly Assigned[]): void {
    for (const assigned of partitions) {
      const key = keyOf(assigned);
      const source = this.lanes.has(key) ? undefined : this.sourceOf(assigned.topic.name);
      if (source !== undefined) this.open(source, assigned, key);
    }
    for (const groupId of new Set(this.sources.map((source) => source.groupId))) this.io.rebalanced?.(groupId);
  }

  /** Stays a member: other members get its messages only once it leaves. */
  stopFetching(): void {
    this.quiet = true;
    for (const lane of this.lanes.values()) lane.stopFetching();
  }

  close(): void {
    this.stopFetching();
    this.revokeAllBut([]);
    this.group.leave(this);
  }

  /** Over all partitions of its topics, also those of other members. */
  lag(source: SourceSpec): number | undefined {
    const own = this.sources.find((one) => one === source);
    return own && this.group.lag(this.io.broker, (topic) => reads(own, topic));
  }

  private open(source: KafkaSourceSpec, assigned: Assigned, key: string): void {
    const lane = new PartitionLane(source, assigned.topic, assigned.partition, this.group, this.sink, this.io);
    this.lanes.set(key, lane);
    this.sink.opened(lane);
    if (this.quiet) lane.stopFetching();
    else lane.open();
  }

  private sourceOf(topic: string): KafkaSourceSpec | undefined {
    return this.sources.find((source) => reads(source, topic));
  }
}

function keyOf({ topic, partition }: Assigned): string {
  return `${topic.name}/${partition}`;
}

/** Whether a source reads a topic. */
export function reads({ topic }: KafkaSourceSpec, name: string): boolean {
  return typeof topic === 'string' ? topic === name : topic.matches(name);
}

/**
 * The topics that sources of one group read, in the order in which the driver gives them to kafkajs. A subscription
 * creates its topic, as with `auto.create.topics.enable`.
 */
export function topicsOf(sources: readonly KafkaSourceSpec[], cluster: TwinCluster, broker: string): TwinTopic[] {
  const named = sources.flatMap(({ topic }) => (typeof topic === 'string' ? [made(topic, cluster, broker)] : []));
  // Plain names, each once: no other topic matches, and no two sources read the same.
  if (named.length === sources.length && new Set(named).size === named.length) return named;
  const matched = [...cluster.topics()].filter(({ name }) => sources.some((source) => reads(source, name)));
  for (const { name } of matched) refuseClash(sources, name, broker);
  return [...new Set([...named, ...matched])];
}

function made(name: string, cluster: TwinCluster, broker: string): TwinTopic {
  const other = cluster.collision(broker, name);
  if (other === undefined) return cluster.topic(name);
  const params = { broker, topic: name, reason: collides(other) };
  throw errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaCollision', params);
}

/**
 * Throws MULTI_BROKER_SOURCE_CLASH where two sources of one group read a topic: each message would go to one of the
 * two.
 */
export function refuseClash(sources: readonly KafkaSourceSpec[], topic: string, broker: string): void {
  const [one, other] = sources.filter((source) => reads(source, topic));
  if (one === undefined || other === undefined) return;
  const params = { one: one.name, other: other.name, topic };
  throw errorOf('MULTI_BROKER_SOURCE_CLASH.kafkaPattern', params, { broker });
}
