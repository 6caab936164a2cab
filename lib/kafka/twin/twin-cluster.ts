import type { BusWait, TellingBus } from '../../twin/index.js';
import { ConsumerGroup } from './consumer-group.js';
import { groupWaits } from './group-waits.js';
import { TwinTopic } from './twin-topic.js';

/** As `num.partitions` of a cluster that makes topics by itself. */
const PARTITIONS = 4;

/**
 * The bus: what all Kafka brokers of a module share. The topics are everybody's; a group belongs to its broker, so one
 * groupId on two brokers is two groups, each of which sees every message.
 */
export class TwinCluster implements TellingBus {
  readonly #topics = new Map<string, TwinTopic>();
  readonly #groups = new Map<string, BrokersGroup>();
  /** By broker, and what a name is in the server's metrics. */
  readonly #names = new Map<string, string>();

  /** The topic of this name, made on first use as by `auto.create.topics.enable`; partitions are those of a new one. */
  topic(name: string, partitions = PARTITIONS): TwinTopic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const topic = new TwinTopic(name, partitions);
    this.#topics.set(name, topic);
    for (const { group } of this.#groups.values()) group.topicAppeared(topic);
    return topic;
  }

  topics(): Iterable<TwinTopic> {
    return this.#topics.values();
  }

  /**
   * The topic because of which the server would not make this one: their names differ in `.` and `_` alone. Asked for
   * by broker, for two brokers on one bus may stand for two clusters.
   */
  collision(broker: string, name: string): string | undefined {
    const key = `${broker} ${name.replaceAll('.', '_')}`;
    const other = this.#names.get(key);
    if (other === undefined) this.#names.set(key, name);
    return other === name ? undefined : other;
  }

  /** How far a broker's group has come is told by its `committed`. */
  group(broker: string, groupId: string): ConsumerGroup {
    const key = JSON.stringify([broker, groupId]);
    const known = this.#groups.get(key) ?? { broker, groupId, group: new ConsumerGroup() };
    this.#groups.set(key, known);
    return known.group;
  }

  *waits(broker: string): Iterable<BusWait> {
    for (const { broker: owner, groupId, group } of this.#groups.values()) {
      if (owner === broker) yield* groupWaits(broker, groupId, group);
    }
  }
}

interface BrokersGroup {
  readonly broker: string;
  readonly groupId: string;
  readonly group: ConsumerGroup;
}

/** Why a topic is not made, for there is that other one. */
export const collides = (other: string): string =>
  `there is a topic '${other}', and a cluster has no two whose names differ in '.' and '_' alone`;
