import type { ConsumerConfig, KafkaConfig, ProducerConfig } from 'kafkajs';

import type { KafkaCommonSettings } from './settings.js';

export type { KafkaCommonSettings, NewTopicOptions } from './settings.js';

/** Those of {@link KafkaBrokerOptions} that hold no secret. */
export interface KafkaSettings extends KafkaCommonSettings {
  /** kafkajs's own options, without the group. `maxWaitTimeInMs` is 250 by default: an idle shutdown takes as long. */
  readonly consumer?: Omit<ConsumerConfig, 'groupId'>;
  /**
   * kafkajs's own options. Partitions are those of its default partitioner. Of `retry`, only `retries` applies: delays
   * are the broker's own, unless the producer is idempotent.
   */
  readonly producer?: Omit<ProducerConfig, 'createPartitioner' | 'transactionalId' | 'transactionTimeout'>;
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
