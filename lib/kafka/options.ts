import type { ConsumerConfig, KafkaConfig, ProducerConfig } from 'kafkajs';

import type { BrokerOptions, PrefixOption } from '../driver/index.js';

/** How to create a topic that is missing at the start. */
export interface NewTopicOptions {
  readonly partitions: number;
  /** Replicas of each partition. Default: the cluster's own (`default.replication.factor`). */
  readonly replication?: number;
  /** The topic's own settings, as Kafka names them: `{ 'retention.ms': '86400000' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Those of {@link KafkaBrokerOptions} that hold no secret. */
export interface KafkaSettings extends BrokerOptions, PrefixOption {
  /** The consumer group of sources that name none. */
  readonly groupId?: string;
  /**
   * Where a group begins in a partition without a committed offset: with the oldest message (`true`, default), or with
   * messages published after the start (`false`). A partition that is added later is read from its beginning.
   */
  readonly fromBeginning?: boolean;
  /** kafkajs's own options, without the group. `maxWaitTimeInMs` is 250 by default: an idle shutdown takes as long. */
  readonly consumer?: Omit<ConsumerConfig, 'groupId'>;
  /**
   * kafkajs's own options. Partitions are those of its default partitioner. Of `retry`, only `retries` applies: delays
   * are the broker's own, unless the producer is idempotent.
   */
  readonly producer?: Omit<ProducerConfig, 'createPartitioner' | 'transactionalId' | 'transactionTimeout'>;
  /**
   * Topics that are created if they are missing, before anything is read or written; names are those of decorators,
   * mapped by `addresses` and prefixed. Existing topics are never changed. `{ incoming: { partitions: 6 } }`
   */
  readonly topics?: Readonly<Record<string, NewTopicOptions>>;
  /** How long finished work may stay uncommitted, in milliseconds. Default 1,000. */
  readonly commitIntervalMs?: number;
  /**
   * The most bytes that one gzipped batch of records may grow to; a larger one halts its partition. kafkajs has one
   * table of codecs in a process, so the largest limit of all brokers applies. Default 32 MiB.
   */
  readonly maxDecompressedBytes?: number;
  /**
   * Allows TLS that does not verify the server's certificate (`client.ssl.rejectUnauthorized: false`). Default `false`.
   */
  readonly allowInsecure?: boolean;
  /**
   * Stops kafkajs's timer of 1 ms for each connection, which costs some 3 % of a core and of which Node 22 and later
   * print a `TimeoutNegativeWarning` (kafkajs #1556, #1751). This broker's own connections only, and kafkajs 2.2.4
   * only. Default `true`.
   */
  readonly calmTimers?: boolean;
}

/** Options of `kafkaBroker`. */
export interface KafkaBrokerOptions extends KafkaSettings {
  /** The options of kafkajs's client. */
  readonly client: KafkaConfig;
}
