import type { Codec } from '../codec/index.js';
import type { Destination, Source } from './definition.js';
import type { Receipt } from './driver.js';
import type { SubscribeOptions } from './handler-options.js';
import type { BrokerMessage, Headers, RawHeaderToWrite } from './message.js';
import type { MessageContext } from './message-context.js';

/** The broker's confirmation of one publish. */
export type PublishReceipt = Receipt;

/** What goes with a payload. */
export interface PublishOptions {
  /** Kafka's message key: one key, one partition. On NATS it travels as a header, a text as `message-key`. */
  readonly key?: string | Uint8Array;
  /** Sent beside those that the library sets; a content type of your own stays. */
  readonly headers?: Headers;
  /** Further headers, in order: repeated ones, or of values that are no text. On NATS these are encoded as text. */
  readonly rawHeaders?: readonly RawHeaderToWrite[];
  /** Writes the payload. Default: the broker's, else by what it is. */
  readonly codec?: Codec;
  /**
   * Whether what a handler publishes carries the correlation id, trace context, baggage and hop count of the message
   * that is being handled. Default true; without effect outside of handlers. `false`: for what begins something new, such as
   * a job that publishes its own next one.
   */
  readonly correlate?: boolean;
  /** Not offered yet: refused with MULTI_BROKER_OPTION_UNSUPPORTED. */
  readonly dedupeId?: string;
}

/** How a request is made. */
export interface RequestOptions extends PublishOptions {
  /** How long to wait for the answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}

/** A function that handles messages of a subscription made by hand. */
export type MessageHandler<T = unknown> = (payload: T, context: MessageContext) => unknown;

/** A subscription made by hand. */
export interface Subscription {
  /** Takes no further message, waits for the running ones and leaves. Idempotent. */
  stop(): Promise<void>;
  /**
   * No further call of the handler until `resume()`, the next one of a message that has failed included; the call that
   * runs ends, and is settled. It holds over a rebalance, a reconnect, and a start that failed. Kafka: what was fetched
   * waits, as what is to come again. JetStream: what was fetched goes back, for other replicas or for later; what
   * waits for its next call, after the rest of its delay. Core NATS: what comes meanwhile waits in memory, up to the
   * bound of the subscription; a stop handles it to the end, as nobody brings it back.
   */
  pause(): void;
  /** Hands out messages again; does nothing where it is not paused. */
  resume(): void;
}

/** How a broker is. */
export interface BrokerHealth {
  readonly name: string;
  readonly kind: string;
  /** `degraded`: it works, but the reasons want a look. */
  readonly status: 'up' | 'degraded' | 'down';
  /** Sentences that say what is wrong; empty when it is up. */
  readonly reasons: readonly string[];
  /** Sentences that are worth knowing and no fault, such as a subscription that is paused. They degrade nothing. */
  readonly notes: readonly string[];
  readonly counts: BrokerCounts;
}

/** What a broker did since it was made. */
export interface BrokerCounts {
  /** Handler calls that run now. */
  readonly running: number;
  /** Deliveries taken and not settled yet, the running ones included. */
  readonly unsettled: number;
  /** Calls of handlers that ended without an error. */
  readonly handled: number;
  /** Failed calls of handlers. */
  readonly failed: number;
  /** Rejected or given up: acked though not handled. */
  readonly rejected: number;
  /** Lost before they were handled, where the system keeps nothing (core NATS with a full queue). */
  readonly dropped: number;
  /** Results of its handlers that were not written, of publishers with `bestEffort`. */
  readonly unpublished: number;
}

/** A named connection to one messaging system. Inject it with `@InjectBroker(name)`. */
export abstract class Broker {
  /** Unique in the module; what `@Subscribe` and `@PublishTo` name. */
  abstract readonly name: string;
  /** `kafka`, `nats`, or that of another driver. */
  abstract readonly kind: string;

  /**
   * Resolves when the broker confirmed: Kafka by its in-sync replicas (acks −1), JetStream by its PubAck, core NATS
   * by a PONG on the connection that wrote it. Before the start it connects the broker on demand. A payload of `null` is
   * a message without a value (a Kafka tombstone); `undefined` is refused.
   *
   * @throws PublishError with `written: 'no' | 'maybe'`.
   */
  abstract publish(
    destination: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt>;

  /**
   * Publishes in order; rejects when one is not confirmed. The receipts stand in the order of the items. An item is
   * a payload, or `outgoing(payload, { key, headers })`.
   */
  abstract publishBatch(
    destination: string | Destination,
    items: readonly unknown[],
    options?: PublishOptions,
  ): Promise<readonly PublishReceipt[]>;

  /**
   * Publishes and waits for one answer.
   *
   * @throws MultiBrokerError MULTI_BROKER_REQUEST_UNSUPPORTED (Kafka), MULTI_BROKER_REQUEST_TIMEOUT,
   * MULTI_BROKER_NO_RESPONDERS, MULTI_BROKER_REQUEST_FAILED.
   */
  abstract request<R = unknown>(
    destination: string | Destination,
    payload: unknown,
    options?: RequestOptions,
  ): Promise<BrokerMessage<R>>;

  /** Subscribes by hand, with the same delivery as decorated handlers. Resolves when the source reads. */
  abstract subscribe<T = unknown>(
    source: string | Source,
    handler: MessageHandler<T>,
    options?: SubscribeOptions,
  ): Promise<Subscription>;

  /** Of this moment; asks no server. */
  abstract health(): BrokerHealth;

  /**
   * The client's own: `{ producer, admin, kafka }` of kafkajs (`KafkaNative`), or the `NatsConnection`. There is none
   * before the broker is connected, and on a twin: then it throws.
   */
  abstract native(): unknown;
}
