import type { BacklogEntry, BacklogSource } from '../../twin/index.js';
import { phrase } from '../../errors/index.js';
import { ConsumerGroup, waitingFor } from './consumer-group.js';
import { TwinTopic } from './twin-topic.js';

/** `num.partitions` of a cluster that creates topics on demand. */
const PARTITIONS = 4;

/**
 * The cluster that all Kafka brokers of a module share. They share its topics; a group belongs to its broker, so one
 * groupId on two brokers is two groups, each of which reads every message.
 */
export class TwinCluster implements BacklogSource {
  private readonly byName = new Map<string, TwinTopic>();
  private readonly groups = new Map<string, BrokersGroup>();
  /** By broker and the name in the server's metrics. */
  private readonly names = new Map<string, string>();

  /**
   * The topic of this name, created on first use as with `auto.create.topics.enable`, with that number of partitions.
   */
  topic(name: string, partitions = PARTITIONS): TwinTopic {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const topic = new TwinTopic(name, partitions);
    this.byName.set(name, topic);
    for (const { group } of this.groups.values()) group.topicAppeared(topic);
    return topic;
  }

  topics(): Iterable<TwinTopic> {
    return this.byName.values();
  }

  /**
   * The topic because of which the server would not create this one: their names differ in `.` and `_` alone. By
   * broker, as two brokers may stand for two clusters.
   */
  collision(broker: string, name: string): string | undefined {
    const key = `${broker} ${name.replaceAll('.', '_')}`;
    const other = this.names.get(key);
    if (other === undefined) this.names.set(key, name);
    return other === name ? undefined : other;
  }

  /** A broker's group, created on first use. */
  group(broker: string, groupId: string): ConsumerGroup {
    const key = JSON.stringify([broker, groupId]);
    const known = this.groups.get(key) ?? { broker, groupId, group: new ConsumerGroup() };
    this.groups.set(key, known);
    return known.group;
  }

  *backlog(broker: string): Iterable<BacklogEntry> {
    for (const { broker: owner, groupId, group } of this.groups.values()) {
      if (owner === broker) yield* groupWaits(broker, groupId, group);
    }
  }
}

interface BrokersGroup {
  readonly broker: string;
  readonly groupId: string;
  readonly group: ConsumerGroup;
}

/** Why a topic cannot exist beside that other one. */
export const collides = (other: string): string => phrase('kafkaCollision', { other });

/** The messages that wait for a group, by partition: for the member that has it, or for a future one. */
export function* groupWaits(broker: string, groupId: string, group: ConsumerGroup): Iterable<BacklogEntry> {
  for (const share of group.shares()) {
    const messages = waitingFor(broker, share);
    if (messages === 0) continue;
    const lane = `${share.topic.name}[${share.partition}]`;
    yield { why: share.isRead ? 'queued' : 'unread', lane, messages, what: `group ${groupId}` };
  }
}
