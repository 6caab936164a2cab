import type { BrokerOptions, PrefixOption } from '../driver/index.js';

/** How to create a topic that is missing at the start. */
export interface NewTopicOptions {
  readonly partitions: number;
  /** Replicas of each partition. Default: the cluster's own (`default.replication.factor`). */
  readonly replication?: number;
  /** The topic's own settings, as Kafka names them: `{ 'retention.ms': '86400000' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Settings of a Kafka broker, whichever client it uses. */
export interface KafkaCommonSettings extends BrokerOptions, PrefixOption {
  /** The consumer group of sources that name none. */
  readonly groupId?: string;
  /**
   * Where a group begins in a partition without a committed offset: with the oldest message (`true`, default), or with
   * messages published after the start (`false`). A partition that is added later is read from its beginning.
   */
  readonly fromBeginning?: boolean;
  /**
   * Topics that are created if they are missing, before anything is read or written; names are those of decorators,
   * mapped by `addresses` and prefixed. Existing topics are never changed. `{ incoming: { partitions: 6 } }`
   */
  readonly topics?: Readonly<Record<string, NewTopicOptions>>;
  /** How long finished work may stay uncommitted, in milliseconds. Default 1,000. */
  readonly commitIntervalMs?: number;
}
