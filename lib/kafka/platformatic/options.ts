import type * as Package from '@platformatic/kafka' with { 'resolution-mode': 'import' };

import type { KafkaCommonSettings } from '../settings.js';

/** The package `@platformatic/kafka`. */
export type Platformatic = typeof Package;

/** A producer whose keys, values and headers are bytes. */
export type BytesProducer = Package.Producer;

/**
 * Options of @platformatic/kafka's clients, as it names them. What it does of itself the broker does: retries, their delays,
 * and checks of arguments.
 */
export type PlatformaticClientOptions = Omit<
  Package.BaseOptions,
  'clientId' | 'retries' | 'retryDelay' | 'strict' | 'context' | 'ownerId' | 'autocreateTopics'
> & {
  /** Default `nestjs-multi-broker`. */
  readonly clientId?: string;
  /** How often a connection, or the answer to a question about the cluster, is tried again. Default 8. */
  readonly retries?: number;
};

/** Options of its consumers, as it names them; without the group. */
export interface PlatformaticConsumerOptions {
  /**
   * `classic` (default), where members share the partitions out among themselves, or `consumer`, where the server does, and a
   * rebalance takes only the partitions that move (KIP-848; Kafka 4). Members of both may be in one group.
   */
  readonly groupProtocol?: 'classic' | 'consumer';
  /**
   * Static membership: a name of this process that outlives it, such as that of its pod. It does not leave its group at a
   * stop, and has its partitions again without a rebalance if it is back within `sessionTimeout`.
   */
  readonly groupInstanceId?: string;
  /** The server's assigner for the protocol `consumer`. */
  readonly groupRemoteAssignor?: string;
  /** Of the classic protocol, in milliseconds. Default 30,000; of the other one the server decides. */
  readonly sessionTimeout?: number;
  /** Of the classic protocol, in milliseconds. Default 3,000; of the other one the server decides. */
  readonly heartbeatInterval?: number;
  /** Default 60,000 ms. */
  readonly rebalanceTimeout?: number;
  /** Default 1. */
  readonly minBytes?: number;
  /** Default 10 MiB. */
  readonly maxBytes?: number;
  /** Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /** Default 250 ms: an idle shutdown takes as long. */
  readonly maxWaitTime?: number;
  /** After how long new partitions are noticed, in milliseconds. Default 300,000. */
  readonly metadataMaxAge?: number;
  /** Whether the cluster may create a topic that is read. Default `true`. */
  readonly autocreateTopics?: boolean;
}

/** Options of its producer, as it names them. */
export interface PlatformaticProducerOptions {
  readonly compression?: Package.ProducerOptions<Buffer, Buffer, Buffer, Buffer>['compression'];
  readonly idempotent?: boolean;
  /** Whether the cluster may create a topic that is published to. Default `true`. */
  readonly autocreateTopics?: boolean;
  /** How often a publish is attempted again. Default: that of `client.retries`. */
  readonly retries?: number;
}

/** Those of {@link PlatformaticBrokerOptions} that hold no secret. */
export interface PlatformaticSettings extends KafkaCommonSettings {
  /** The client's own options, without the group. */
  readonly consumer?: PlatformaticConsumerOptions;
  /** The client's own options. A key has the partition that Kafka's Java client and kafkajs give it, and not this client's. */
  readonly producer?: PlatformaticProducerOptions;
  /**
   * The most bytes that one packed batch of records may grow to; a larger one halts its partition. The
   * client has one table of codecs in a process, so the largest limit of all brokers applies. Default 32 MiB.
   */
  readonly maxDecompressedBytes?: number;
  /** Allows TLS that does not verify the server's certificate (`client.tls.rejectUnauthorized: false`). Default `false`. */
  readonly allowInsecure?: boolean;
}

/** Options of `kafkaBroker` of `nestjs-multi-broker/kafka/platformatic`. */
export interface PlatformaticBrokerOptions extends PlatformaticSettings {
  /** The options of @platformatic/kafka's clients. */
  readonly client: PlatformaticClientOptions;
}

/**
 * The clients that `Broker.native()` gives: `broker.native() as PlatformaticNative`. They end with the broker.
 */
export interface PlatformaticNative {
  /** The broker's own producer, connected. Do not keep it: the broker replaces one that cannot go on. */
  readonly producer: BytesProducer;
  /** Connects on first use. */
  readonly admin: Package.Admin;
}

/** What the package's consumer is made with. */
export type MadeConsumerOptions = Package.ConsumerOptions<Buffer, Buffer, Buffer, Buffer>;
