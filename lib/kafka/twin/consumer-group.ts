import { reaches } from '../../twin/index.js';
import { DoneOffsets } from '../done-offsets.js';
import { assign } from '../partitioner.js';
import type { TwinTopic } from './twin-topic.js';

/** One consumer of a group. */
export interface GroupMember {
  /** Whether it reads the topic. */
  reads(topic: string): boolean;
  /** A topic that it reads was created after it joined. */
  appeared(topic: TwinTopic): void;
  /** Where a partition without a committed offset begins for this member. */
  startOf(topic: TwinTopic, partition: number): number;
  /** The offset that it reads next; undefined if it does not have the partition. */
  nextOf(assigned: Assigned): number | undefined;
  /** The partitions that it has from now on; it continues those that it keeps. */
  assign(partitions: readonly Assigned[]): void;
  /** It loses all partitions but these. */
  revokeAllBut(partitions: readonly Assigned[]): void;
}

/** A partition of a topic as the group sees it. */
export interface Share extends Assigned {
  /** The offset of the message to read next. */
  readonly next: number;
  readonly isRead: boolean;
}

/** A partition of a topic. */
export interface Assigned {
  readonly topic: TwinTopic;
  readonly partition: number;
}

/** A consumer group of one broker: its members' partitions and committed offsets. */
export class ConsumerGroup {
  private readonly members: GroupMember[] = [];
  private readonly topics = new Map<string, TwinTopic>();
  /** By topic, then by partition. */
  private readonly offsets = new Map<string, number[]>();
  private readonly finished = new Map<string, DoneOffsets>();

  /** Commits initial offsets, then rebalances. */
  join(member: GroupMember, topics: Iterable<TwinTopic>): void {
    this.members.push(member);
    for (const topic of topics) this.add(topic);
    this.rebalance();
  }

  leave(member: GroupMember): void {
    const place = this.members.indexOf(member);
    if (place < 0) return;
    this.members.splice(place, 1);
    if (this.members.length > 0) this.rebalance();
  }

  /** A topic was created after the group: members that match its name read it from its beginning. */
  topicAppeared(topic: TwinTopic): void {
    const readers = this.members.filter((member) => member.reads(topic.name));
    if (readers.length === 0) return;
    for (const reader of readers) reader.appeared(topic);
    this.add(topic);
    this.rebalance();
  }

  /** The committed offset. */
  committed(topic: string, partition: number): number | undefined {
    return this.offsets.get(topic)?.[partition];
  }

  commit(topic: string, partition: number, offset: number): void {
    const offsets = this.offsets.get(topic) ?? [];
    if (offsets.length === 0) this.offsets.set(topic, offsets);
    offsets[partition] = offset;
  }

  /** The offsets of a partition that a redrive is done with; with a server they are in the metadata of its commits. */
  done(topic: string, partition: number): DoneOffsets {
    const key = `${topic}/${String(partition)}`;
    const known = this.finished.get(key) ?? new DoneOffsets(this.committed(topic, partition) ?? 0);
    this.finished.set(key, known);
    return known;
  }

  /** All partitions, read or not. */
  *shares(): Iterable<Share> {
    for (const topic of this.topics.values()) {
      for (const partition of topic.partitions.keys()) {
        const assigned = { topic, partition };
        const [read] = this.members.flatMap((member) => member.nextOf(assigned) ?? []);
        yield { ...assigned, isRead: read !== undefined, next: read ?? this.committed(topic.name, partition) ?? 0 };
      }
    }
  }

  /** The messages for this broker from the committed offsets on, over the topics that `reads` names. */
  lag(broker: string, reads: (topic: string) => boolean): number {
    let lag = 0;
    for (const share of this.shares()) {
      const { topic, partition } = share;
      if (reads(topic.name)) lag += waitingFor(broker, { ...share, next: this.committed(topic.name, partition) ?? 0 });
    }
    return lag;
  }

  private add(topic: TwinTopic): void {
    this.topics.set(topic.name, topic);
    const reader = this.members.find((member) => member.reads(topic.name));
    if (reader === undefined) return;
    topic.partitions.forEach((_, partition) => {
      if (this.committed(topic.name, partition) !== undefined) return;
      this.commit(topic.name, partition, reader.startOf(topic, partition));
    });
  }

  /** All members give up partitions before any takes over, as in Kafka: a partition never has two owners. */
  private rebalance(): void {
    const shares = this.assignments();
    for (const [member, share] of shares) member.revokeAllBut(share);
    for (const [member, share] of shares) member.assign(share);
  }

  /** By the real driver's assigner. */
  private assignments(): Map<GroupMember, Assigned[]> {
    const shares = new Map<GroupMember, Assigned[]>(this.members.map((member) => [member, []]));
    const topics = [...this.topics.values()].map((topic) => ({
      topic,
      partitions: topic.partitions.length,
      readers: this.members.filter((member) => member.reads(topic.name)),
    }));
    for (const { owner, topic, partition } of assign(topics)) shares.get(owner)?.push({ topic, partition });
    return shares;
  }
}

/** The messages of a partition for this broker, from `next` on. */
export function waitingFor(broker: string, { topic, partition, next }: Share): number {
  const log = topic.partition(partition);
  let messages = 0;
  for (let offset = Math.max(next, log.first); offset < log.end; offset++) {
    const stored = log.at(offset);
    if (stored !== undefined && reaches(stored, broker)) messages++;
  }
  return messages;
}
