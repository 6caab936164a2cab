import { ConsumerGroup } from './consumer-group.js';
import { TwinTopic } from './twin-topic.js';

/** As `num.partitions` of a cluster that makes topics by itself. */
const PARTITIONS = 4;

/**
 * The bus: what all Kafka brokers of a module share. The topics are everybody's; a group belongs to its broker, so one
 * groupId on two brokers is two groups, each of which sees every message.
 */
export class TwinCluster {
  readonly #topics = new Map<string, TwinTopic>();
  readonly #groups = new Map<string, ConsumerGroup>();

  /** The topic of this name, made on first use as by `auto.create.topics.enable`; partitions are those of a new one. */
  topic(name: string, partitions = PARTITIONS): TwinTopic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const topic = new TwinTopic(name, partitions);
    this.#topics.set(name, topic);
    for (const group of this.#groups.values()) group.topicAppeared(topic);
    return topic;
  }

  topics(): Iterable<TwinTopic> {
    return this.#topics.values();
  }

  group(broker: string, groupId: string): ConsumerGroup {
    const key = JSON.stringify([broker, groupId]);
    const group = this.#groups.get(key) ?? new ConsumerGroup();
    this.#groups.set(key, group);
    return group;
  }
}
