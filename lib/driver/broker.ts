import type { Codec } from '../codec/index.js';
import type { Destination, Source } from './addressing.js';
import type { DeadLetter, DeadLetterPlace, DeadLettersOptions, RedriveOptions, RedriveResult } from './dead-letters.js';
import type { BrokerDefinition } from './definition.js';
import type { Receipt } from './driver.js';
import type { HandlerClass, HandlerHandle } from './handler-handle.js';
import type { BrokerHealth, MultiBrokerHealth } from './health.js';
import type {
  BatchOptions,
  MessagesOptions,
  SchemaInput,
  SchemaOutput,
  StandardSchema,
  SubscribeOptions,
} from './handler-options.js';
import type { BrokerMessage, Headers, OutgoingMessage, RawHeaderToWrite } from './message.js';
import type { Topology } from './topology.js';

/** The broker's confirmation of one publish. */
export type PublishReceipt = Receipt;

/** Options of one publish. With a `schema` the compiler checks the payload. */
export interface PublishOptions<S extends StandardSchema | undefined = StandardSchema | undefined> {
  /** Kafka's message key, which decides the partition. On NATS it is sent as a header (`message-key` for text). */
  readonly key?: string | Uint8Array;
  /** Sent in addition to those that the library sets. A `content-type` given here is kept. */
  readonly headers?: Headers;
  /** Further headers, in order: repeated names, or binary values. On NATS binary values are encoded as text. */
  readonly rawHeaders?: readonly RawHeaderToWrite[];
  /** Encodes the payload. Default: the broker's codec, else chosen by the type of the payload. */
  readonly codec?: Codec;
  /**
   * Whether a publish within a handler carries the correlation id, trace context, baggage and hop count of the message
   * being handled. Default true; no effect outside handlers. Use `false` where a new flow begins, such as a job that
   * publishes its own successor.
   */
  readonly correlate?: boolean;
  /** Fills the placeholders of the destination: `orders.{id}`. Those of an `outgoing()` take precedence. */
  readonly params?: Readonly<Record<string, string>>;
  /**
   * The id by which the destination drops a repeated message; on JetStream its `Nats-Msg-Id`. Default: none. Refused with
   * MULTI_BROKER_OPTION_UNSUPPORTED where it has no effect: on Kafka, on core NATS, and for several messages at once.
   */
  readonly dedupeId?: string;
  /**
   * Validates the payload, and what is published is the schema's output. Rejects with MULTI_BROKER_SCHEMA_INVALID before
   * anything is written.
   */
  readonly schema?: S;
}

/** What may be published under a schema: without one, anything. */
export type PublishedPayload<S extends StandardSchema | undefined> = [S] extends [StandardSchema]
  ? SchemaInput<S> | OutgoingMessage<SchemaInput<S>>
  : unknown;

/** Options of one request. */
export interface RequestOptions extends Omit<PublishOptions, 'dedupeId' | 'schema'> {
  /** How long to wait for the answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}

/** Handler of a subscription made by `broker.subscribe()`. */
export type MessageHandler<T = unknown> = (payload: T, context: MessageContext) => unknown;

/** Handler of a subscription with the option `batch`. */
export type BatchHandler<T = unknown> = (payloads: T[], context: BatchContext<T>) => unknown;

/** A subscription made by `broker.subscribe()`. */
export interface Subscription {
  /** Stops fetching, waits for running handlers and leaves. Idempotent. */
  stop(): Promise<void>;
  /**
   * Stops calling the handler until `resume()`, retries included; a call that is running ends and is settled. A pause
   * outlasts rebalances, reconnects and failed starts.
   *
   * Kafka: fetched messages wait, and so do retries. JetStream: fetched messages are returned to the server, for other
   * replicas or for later; one that waits for a retry is returned with the rest of its delay. Core NATS: messages that
   * arrive meanwhile are queued in memory, up to the limit of the subscription; a stop still handles them, since they
   * would not be redelivered.
   */
  pause(): void;
  /** Resumes a paused subscription; otherwise does nothing. */
  resume(): void;
}

/** A named connection to one messaging system. Inject it with `@InjectBroker(name)`. */
export abstract class Broker {
  /** Unique in the module; used by `@Subscribe` and `@PublishTo`. */
  abstract readonly name: string;
  /** `kafka`, `nats`, or the kind of a third-party driver. */
  abstract readonly kind: string;

  /**
   * Resolves when the broker has confirmed the message: Kafka by its in-sync replicas (acks −1), JetStream by its
   * PubAck, core NATS by a PONG on the connection that wrote it. Before the start it connects the broker on demand. A
   * payload of `null` is a message without a value (a Kafka tombstone); `undefined` is refused.
   *
   * @throws PublishError with `written: 'no' | 'maybe'`.
   */
  abstract publish<S extends StandardSchema | undefined = undefined>(
    destination: string | Destination,
    payload: PublishedPayload<S>,
    options?: PublishOptions<S>,
  ): Promise<PublishReceipt>;

  /**
   * Publishes in order, and returns the receipts in the order of the items. Rejects when one is not confirmed. An item
   * is a payload, or `outgoing(payload, { key, headers })`.
   */
  abstract publishBatch<S extends StandardSchema | undefined = undefined>(
    destination: string | Destination,
    items: readonly PublishedPayload<S>[],
    options?: PublishOptions<S>,
  ): Promise<readonly PublishReceipt[]>;

  /**
   * Publishes and waits for one answer.
   *
   * @throws MultiBrokerError MULTI_BROKER_REQUEST_UNSUPPORTED (a stream; Kafka without `codec: nestKafka`),
   * MULTI_BROKER_REQUEST_TIMEOUT,
   * MULTI_BROKER_NO_RESPONDERS, MULTI_BROKER_REQUEST_FAILED.
   */
  abstract request<R = unknown>(
    destination: string | Destination,
    payload: unknown,
    options?: RequestOptions,
  ): Promise<BrokerMessage<R>>;

  /**
   * Subscribes a function, with the same delivery as decorated handlers. Resolves when the source is being read. With a
   * `schema` its payload has the type of the schema's output; with `batch` it is an array.
   */
  abstract subscribe<S extends StandardSchema>(
    source: string | Source,
    handler: BatchHandler<SchemaOutput<S>>,
    options: SubscribeOptions & { readonly schema: S; readonly batch: BatchOptions },
  ): Promise<Subscription>;
  abstract subscribe<T = unknown>(
    source: string | Source,
    handler: BatchHandler<T>,
    options: SubscribeOptions & { readonly schema?: undefined; readonly batch: BatchOptions },
  ): Promise<Subscription>;
  abstract subscribe<S extends StandardSchema>(
    source: string | Source,
    handler: MessageHandler<SchemaOutput<S>>,
    options: SubscribeOptions & { readonly schema: S; readonly batch?: undefined },
  ): Promise<Subscription>;
  abstract subscribe<T = unknown>(
    source: string | Source,
    handler: MessageHandler<T>,
    options?: SubscribeOptions & { readonly schema?: undefined; readonly batch?: undefined },
  ): Promise<Subscription>;
  abstract subscribe(
    source: string | Source,
    handler: MessageHandler,
    options: SubscribeOptions,
  ): Promise<Subscription>;

  /**
   * The messages of a source, one by one, for a loop: `for await (const delivery of broker.messages('incoming'))`. The
   * source is subscribed when the first message is asked for, by each loop for itself; a failure to do so rejects. While
   * no message is asked for, none is taken in hand. Asking for the next one acks the current one, unless it is settled;
   * `break` and a throw leave the source, and hand the current one back unsettled (core NATS has nothing to hand it to).
   *
   * The loop ends when `signal` aborts, and at a stop of the application, which waits for the current message; it is not
   * resumed by a later start. A message that cannot be decoded, or is invalid, is a failure of that message and never
   * reaches the loop: see {@link MessagesOptions.ack}. A lost connection or partition aborts the `signal` of the current
   * message, which comes again.
   *
   * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID
   */
  abstract messages<S extends StandardSchema>(
    source: string | Source,
    options: MessagesOptions & { readonly schema: S },
  ): AsyncIterable<Delivery<SchemaOutput<S>>>;
  abstract messages<T = unknown>(source: string | Source, options?: MessagesOptions): AsyncIterable<Delivery<T>>;

  /** Of this moment; asks no server. */
  abstract health(): BrokerHealth;

  /**
   * The client's own object: `{ producer, admin, kafka }` of kafkajs (`KafkaNative`), or the `NatsConnection`. Throws
   * before the broker is connected, and on a twin, which has no client.
   */
  abstract native(): unknown;
}

/** One delivery as its handler sees it; guards, interceptors and filters get it by `switchToRpc().getContext()`. */
export abstract class MessageContext<T = unknown> {
  /** The broker that delivered the message: the object that `@InjectBroker()` injects. */
  abstract readonly broker: Broker;
  /** Topic or subject of the message. */
  abstract readonly source: string;
  abstract readonly message: BrokerMessage<T>;
  /** Values of the source's placeholders by name; of its wildcards by position from '0', or of RegExp groups by name. */
  abstract readonly params: Readonly<Record<string, string>>;
  /** Aborts when the drain is over, the partition is lost, or `maxProcessingMs` has passed. */
  abstract readonly signal: AbortSignal;

  /** Settles the delivery as handled. */
  abstract ack(): void;
  /** Settles the delivery as failed: the message is redelivered after `delayMs`, default one second. */
  abstract nack(options?: { readonly delayMs?: number }): void;
  /** Settles the delivery as failed for good: the message is not redelivered. */
  abstract reject(reason?: string): void;
  /**
   * Parks the message: it is written to the handler's `deadLetter`, and acked once that is confirmed. Its result is not
   * published.
   *
   * @throws MultiBrokerError MULTI_BROKER_NO_DEAD_LETTER where the handler has none; the message is not settled then
   */
  abstract deadLetter(reason?: string): void;
}

/**
 * One call of a handler with the option `batch`: several messages of one lane, in order. The payload is an array, item i
 * of it the payload of `messages[i]`.
 *
 * `message` stands for the whole batch, for guards and interceptors that were written for single messages: its payload is
 * the array, and everything else, such as headers and correlation id, is that of the first message.
 */
export abstract class BatchContext<T = unknown> extends MessageContext<readonly T[]> {
  /** The messages, in order: each with its own payload, headers, key, position and number of the attempt. */
  abstract readonly messages: readonly BrokerMessage<T>[];

  /** Settles message `index` as handled; without an index, all that are not settled yet. */
  abstract override ack(index?: number): void;
  /** Settles message `index` (or all that are not settled yet) as failed: it comes again after `delayMs`. */
  abstract override nack(options?: { readonly delayMs?: number }): void;
  abstract override nack(index: number | undefined, options?: { readonly delayMs?: number }): void;
  /** Gives message `index` (or all that are not settled yet) up, as {@link MessageContext.reject} does. */
  abstract override reject(reason?: string): void;
  abstract override reject(index: number | undefined, reason?: string): void;
  /** Parks message `index` (or all that are not settled yet), as {@link MessageContext.deadLetter} does. */
  abstract override deadLetter(reason?: string): void;
  abstract override deadLetter(index: number | undefined, reason?: string): void;
}

/**
 * One message of `broker.messages()`. It is settled once: by `ack()`, `nack()`, `reject()` or `deadLetter()`, or by asking
 * for the next one, which acks it. Leaving the loop hands it back unsettled.
 */
export interface Delivery<T = unknown> extends MessageContext<T> {
  /** The decoded payload; the same as `message.payload`. */
  readonly payload: T;
}

/** All brokers of the application, with one lifecycle. Injectable. */
export abstract class MultiBroker {
  /** In the order of definition. */
  abstract readonly brokers: readonly Broker[];
  /** The broker named by `options.default`, else the first of `forRoot`. */
  abstract readonly default: Broker;
  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_BROKER with the nearest known name. */
  abstract get(name: string): Broker;
  /**
   * Adds a broker. Before the start it is like one listed in `forRoot`, except that it cannot be injected by token. After
   * the start (with `allowLateBrokers`) it resolves when the broker is connected and its handlers are being fed.
   */
  abstract add(definition: BrokerDefinition): Promise<Broker>;
  /** Connects all brokers, then starts all sources. Idempotent. @throws BrokerStartError */
  abstract start(): Promise<void>;
  /** Stops all brokers in phases within `shutdownTimeoutMs`. Idempotent; never rejects: abandoned work is logged. */
  abstract stop(): Promise<void>;
  /**
   * Registers a hook that adds headers to everything the application publishes: by `publish()`, by `@PublishTo`, and
   * requests; not to answers. Headers set by the publisher take precedence. Hooks run synchronously, in the async context
   * of the publisher; an error in a hook fails the publish. Returns a function that removes the hook.
   */
  abstract onPublish(hook: PublishHook): () => void;
  /**
   * The decorated handlers, one for each `@Subscribe` of a method, in the order in which they were found. A handler of a
   * late broker is among them once its broker is added.
   *
   * @throws WiringError
   * @throws MultiBrokerError MULTI_BROKER_NOT_CONNECTED while Nest still creates providers
   */
  abstract readonly handlers: readonly HandlerHandle[];
  /**
   * One of {@link handlers}. `broker` tells the subscriptions of a method that reads several brokers apart.
   *
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER with the nearest known name, MULTI_BROKER_AMBIGUOUS_HANDLER
   */
  abstract handler<T>(type: HandlerClass<T>, method: keyof T & string, broker?: string): HandlerHandle;
  /**
   * What the application is wired to: its brokers and what each handler reads, publishes to and parks in. Starts and
   * connects nothing, asks no server, and holds no secret.
   *
   * @throws WiringError
   * @throws MultiBrokerError MULTI_BROKER_NOT_CONNECTED while Nest still creates providers
   */
  abstract topology(): Topology;
  /**
   * Looks at dead letters, oldest first, without taking any: neither a group nor a durable remains. It ends with the last
   * one that was there when it began; messages that are no dead letters are passed over.
   *
   * @throws MultiBrokerError MULTI_BROKER_REDRIVE_UNSUPPORTED for a source that keeps nothing, such as core NATS
   */
  abstract deadLetters(from: DeadLetterPlace, options?: DeadLettersOptions): AsyncIterable<DeadLetter>;
  /**
   * Redrives the dead letters that are there when it begins, in order, one after another. Each is settled in its place once it is
   * handled or published; one that fails again stays, and is not parked a second time. It reads as the group or durable
   * `multi-broker-redrive`, which remembers what is done: after a kill the next run goes on there, and several processes may
   * redrive at once. At least once: a kill repeats what was not settled yet.
   *
   * @throws MultiBrokerError MULTI_BROKER_REDRIVE_UNSUPPORTED for a source that keeps nothing, such as core NATS
   */
  abstract redrive(from: DeadLetterPlace, options?: RedriveOptions): Promise<RedriveResult>;
  /** Of this moment; asks no server. */
  abstract health(): MultiBrokerHealth;
}

/** A message about to be published, as seen by a hook of `MultiBroker.onPublish()`. */
export interface PublishingMessage {
  /** Name of the broker that it is published on. */
  readonly broker: string;
  /** The topic or subject. */
  readonly destination: string;
  /** The payload before encoding. */
  readonly payload: unknown;
  /** The headers so far: those propagated from the message being handled, and those of the publisher. */
  readonly headers: Headers;
  /** Context of the message being handled, where a handler publishes. */
  readonly context?: MessageContext | undefined;
}

/** Returns headers to add to a message, or nothing. Synchronous: a promise is refused. */
export type PublishHook = (message: PublishingMessage) => Headers | undefined | void;
