import type { ConsumerConfig, KafkaConfig, ProducerConfig } from 'kafkajs';

import type { BrokerOptions } from '../driver/index.js';
import type { NewTopicOptions } from './wanted-topics.js';

/** What of {@link KafkaBrokerOptions} is no secret. */
export interface KafkaSettings extends BrokerOptions {
  /** The consumer group of sources that name none. */
  readonly groupId?: string;
  /**
   * Where a group begins in a partition that it has committed nothing for: the oldest message (`true`, default), or
   * what is published from the start on (`false`). A partition that is added later is read from its beginning.
   */
  readonly fromBeginning?: boolean;
  /** kafkajs's own options, but for the group. `maxWaitTimeInMs` is 250 by default: the idle part of a shutdown. */
  readonly consumer?: Omit<ConsumerConfig, 'groupId'>;
  /**
   * kafkajs's own options. Partitions are picked as by its default partitioner. Of `retry` the number of `retries`
   * holds: the waits are the broker's own, unless it is idempotent.
   */
  readonly producer?: Omit<ProducerConfig, 'createPartitioner' | 'transactionalId' | 'transactionTimeout'>;
  /**
   * Topics that are made where they are missing, before anything is read or written; names are those of decorators,
   * mapped by `addresses`. What is there is never changed. `{ incoming: { partitions: 6 } }`
   */
  readonly topics?: Readonly<Record<string, NewTopicOptions>>;
  /** How long finished work may stay uncommitted, in milliseconds. Default 1,000. */
  readonly commitIntervalMs?: number;
  /**
   * The most bytes that one gzipped batch of records may grow to; a larger one halts its partition. kafkajs has one
   * table of codecs in a process: the largest limit of all brokers holds. Default 32 MiB.
   */
  readonly maxDecompressedBytes?: number;
  /**
   * Allows TLS without a check of the server's certificate (`client.ssl.rejectUnauthorized: false`). Default `false`.
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

/** The options without the client's, which hold credentials: printing them tells no secret. */
export function settings(options: KafkaBrokerOptions): KafkaSettings {
  const { client: _secret, ...rest } = options;
  return rest;
}
