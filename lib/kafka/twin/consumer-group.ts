import { assign } from '../assignment.js';
import type { TwinTopic } from './twin-topic.js';

/** One consumer of a group. */
export interface GroupMember {
  /** Whether it reads the topic. */
  reads(topic: string): boolean;
  /** A topic that it reads was made after it began. */
  appeared(topic: TwinTopic): void;
  /** Where a partition without a committed offset begins for this member. */
  startOf(topic: TwinTopic, partition: number): number;
  /** The offset at which it reads on; undefined: the partition is not its. */
  nextOf(assigned: Assigned): number | undefined;
  /** The partitions that it has from now on; those that it had and keeps go on undisturbed. */
  assign(partitions: readonly Assigned[]): void;
  /** Of those that it had, only these remain. */
  revokeAllBut(partitions: readonly Assigned[]): void;
}

/** A partition of a topic as the group sees it. */
export interface Share extends Assigned {
  /** The offset of the message that is read next, or would be. */
  readonly next: number;
  readonly isRead: boolean;
}

/** A partition of a topic. */
export interface Assigned {
  readonly topic: TwinTopic;
  readonly partition: number;
}

/** A consumer group of one broker: who reads which partition, and how far the group has come. */
export class ConsumerGroup {
  readonly #members: GroupMember[] = [];
  readonly #topics = new Map<string, TwinTopic>();
  /** By topic, then by partition. */
  readonly #committed = new Map<string, number[]>();

  /** Fixes and stores the start positions, then shares the partitions out anew. */
  join(member: GroupMember, topics: Iterable<TwinTopic>): void {
    this.#members.push(member);
    for (const topic of topics) this.#add(topic);
    this.#rebalance();
  }

  leave(member: GroupMember): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    this.#rebalance();
  }

  /** A topic that was made after the group: whoever matches its name reads it, from its beginning. */
  topicAppeared(topic: TwinTopic): void {
    const readers = this.#members.filter((member) => member.reads(topic.name));
    if (readers.length === 0) return;
    for (const reader of readers) reader.appeared(topic);
    this.#add(topic);
    this.#rebalance();
  }

  /** The offset from which a successor would go on. */
  committed(topic: string, partition: number): number | undefined {
    return this.#committed.get(topic)?.[partition];
  }

  commit(topic: string, partition: number, offset: number): void {
    const offsets = this.#committed.get(topic) ?? [];
    if (offsets.length === 0) this.#committed.set(topic, offsets);
    offsets[partition] = offset;
  }

  /** All partitions, whoever reads them. */
  *shares(): Iterable<Share> {
    for (const topic of this.#topics.values()) {
      for (const partition of topic.partitions.keys()) {
        const assigned = { topic, partition };
        const [read] = this.#members.flatMap((member) => member.nextOf(assigned) ?? []);
        yield { ...assigned, isRead: read !== undefined, next: read ?? this.committed(topic.name, partition) ?? 0 };
      }
    }
  }

  #add(topic: TwinTopic): void {
    this.#topics.set(topic.name, topic);
    const reader = this.#members.find((member) => member.reads(topic.name));
    if (reader === undefined) return;
    topic.partitions.forEach((_, partition) => {
      if (this.committed(topic.name, partition) !== undefined) return;
      this.commit(topic.name, partition, reader.startOf(topic, partition));
    });
  }

  /** All give up before anyone takes over, as in Kafka: a partition never has two owners. */
  #rebalance(): void {
    const shares = this.#shares();
    for (const [member, share] of shares) member.revokeAllBut(share);
    for (const [member, share] of shares) member.assign(share);
  }

  /** By the rule of the real driver's assigner. */
  #shares(): Map<GroupMember, Assigned[]> {
    const shares = new Map<GroupMember, Assigned[]>(this.#members.map((member) => [member, []]));
    const topics = [...this.#topics.values()].map((topic) => ({
      topic,
      partitions: topic.partitions.length,
      readers: this.#members.filter((member) => member.reads(topic.name)),
    }));
    for (const { owner, topic, partition } of assign(topics)) shares.get(owner)?.push({ topic, partition });
    return shares;
  }
}
