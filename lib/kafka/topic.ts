import type { Source } from '../driver/index.js';

/** What {@link topic} takes. */
export interface TopicOptions {
  /** The consumer group. Default: the broker's `groupId`. */
  readonly groupId?: string;
  /** Where a new group begins: see the broker's option. Default: the broker's, else `true`. */
  readonly fromBeginning?: boolean;
}

/** A Kafka source; made by {@link topic}. */
export interface TopicSource extends Source, TopicOptions {
  readonly kind: 'kafka';
  readonly topic: string | RegExp;
}

/**
 * A Kafka topic, or all topics whose name a RegExp matches, read by a consumer group.
 *
 * A RegExp takes the topics that exist when the subscription starts; at least one has to. Its groups are the
 * message's params: `'0'`, `'1'` … in order, and by name.
 */
export function topic(name: string | RegExp, options: TopicOptions = {}): TopicSource {
  return { ...options, kind: 'kafka', topic: name };
}
