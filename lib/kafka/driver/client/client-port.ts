import type { DriverContext } from '../../../driver/index.js';
import type { Admin } from './admin-port.js';
import type { ConsumerListeners, GroupConsumer, GroupConsumerOptions } from './consumer-port.js';
import type { ClientFailures } from './failure-port.js';
import type { Partitioner, Producer } from './producer-port.js';

/** What the driver needs to know of a client's options. */
export interface ClientSettings {
  /** `host:port` of the first server, where it is known. */
  readonly server: string | undefined;
  /** After how long without a heartbeat the server drops a member, and how long it waits for members in a rebalance. */
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** See {@link GroupConsumerOptions.maxWaitMs}. */
  readonly maxWaitMs: number;
  /** Whether the producer is idempotent: it repeats a send itself, and what may be written makes a new one necessary. */
  readonly idempotent: boolean;
  /** How often a send is attempted again; 0 of an idempotent producer. */
  readonly sendRetries: number;
}

/** A client and its connections, which nothing else uses: each session of a consumer or producer has its own. */
export interface Client {
  admin(options?: { readonly retries?: number }): Admin;
  /** At most one. */
  consumer(options: GroupConsumerOptions, listeners: ConsumerListeners): GroupConsumer;
  /** At most one. */
  producer(partitioner: Partitioner): Producer;
  /** A sentence for health where the server leaves a request unanswered. */
  unansweredIssue(): string | undefined;
  /**
   * Ends every connection at once and for good, makes no new one, and with that ends what waits for an answer or would dial
   * again. No log line and no listener tells of it. May be called more than once.
   */
  kill(): void;
  /** What `native()` of the broker gives, with the broker's own producer. */
  native(producer: Producer): unknown;
}

/** Callbacks and settings of one client. */
export interface ClientHooks {
  /** The server, or the way to it, closed a connection. Not after `kill`. */
  lost?(): void;
  /** How often the client itself retries a connection, or metadata. Default: as its user says. */
  readonly retries?: number;
}

/** Makes clients. Nothing is dialled before one of their parts connects. */
export type MakeClient = (hooks?: ClientHooks) => Client;

/** A client of Kafka with the options of one broker. There is one adapter for each client. */
export interface KafkaClient {
  /** Its package, for errors and the log. */
  readonly name: string;
  readonly settings: ClientSettings;
  readonly failures: ClientFailures;
  /** @param io its log gets the client's lines, without payloads and credentials */
  maker(io: DriverContext): MakeClient;
}
