import type { Codec } from '../codec/index.js';
import type { Destination } from './addressing.js';
import type { BrokerMessage, Headers, RawHeaderToWrite } from './message.js';

/**
 * How a delivery is settled.
 *
 * - `nack-on-error` (default): acked after success; after a failure it is redelivered in 1 s, doubling to 30 s.
 * - `reject-on-error`: acked after success; after a failure it is logged, counted and acked.
 * - `ack-first`: acked before the handler is called; a failure is logged.
 * - `manual`: settled only by `context.ack()`, `nack()` or `reject()`. JetStream redelivers a message that is left
 *   unsettled once its handler has ended and ack_wait has passed.
 */
export type AckPolicy = 'nack-on-error' | 'reject-on-error' | 'ack-first' | 'manual';

/** Retries of a failed handler, in place, before the ack policy applies. */
export interface RetryOptions {
  /** Total number of calls; 1: no retry. Default 3. */
  readonly attempts?: number;
  /** Delay before the second call, in milliseconds. Default 100. */
  readonly delayMs?: number;
  /** Factor by which each further delay grows. Default 2. */
  readonly factor?: number;
  /** Longest delay, in milliseconds. Default 30,000. */
  readonly maxDelayMs?: number;
  /** Share of each delay, 0 to 1, by which it may be shortened at random. Default 0. */
  readonly jitter?: number;
  /**
   * Only errors for which it returns true are retried. Default: all except non-retryable ones. It must not return a
   * promise: that is logged, as is an error in it, and the message is not retried in place.
   */
  readonly retryIf?: (error: Error) => boolean;
}

/** Where messages are parked that failed for good. */
export interface DeadLetterOptions {
  /** Name of the broker. Default: that of the source. */
  readonly broker?: string;
  /**
   * `{source}` in it stands for the address of the handler's source: its topic, subject or stream; that of each message,
   * where the source reads several topics or subjects by a pattern. On NATS a plain string
   * is core NATS, which stores nothing: use `toStream()`.
   */
  readonly destination: string | Destination;
  /**
   * Further headers of the letter, of the error and the context of the failed delivery: as text, or as a list of names
   * and bytes. The function must not throw: an error in it keeps the letter from being written.
   */
  readonly headers?: Lenient<[error: Error, context: FailedMessage], Headers | readonly RawHeaderToWrite[]>;
}

/** The part of a delivery's `MessageContext` that the option {@link DeadLetterOptions.headers} is declared with. */
export interface FailedMessage {
  readonly source: string;
  readonly params: Readonly<Record<string, string>>;
  readonly message: BrokerMessage;
}

/** How many messages are handled at once, and which of them keep their order. */
export interface ConcurrencyOptions {
  /**
   * Calls at once on each lane: a Kafka partition, a JetStream durable, a core NATS subscription. Default 1: one after
   * another. Above 1, messages of one key are still handled one after another, in order; one that is retried or held
   * makes those of its key wait, and no others.
   */
  readonly perLane?: number;
  /** The most calls at once over all lanes of the subscription in this process, in turn by lane. Default: no limit. */
  readonly total?: number;
  /**
   * What keeps its order where `perLane` is above 1. `'key'` (default): messages with the same `key`; those without one
   * have no order. `'none'`: nothing. A function: messages for which it returns the same text; `undefined`: this one has
   * no order. It is called once for each delivery, when the message arrives; a payload that it reads is decoded twice.
   * What it throws is a failure of the message.
   */
  readonly orderBy?: 'key' | 'none' | Lenient<[message: BrokerMessage], string | undefined>;
  /**
   * Requests (core NATS messages with a reply subject) at once per subscription, beside other messages. Default 64.
   */
  readonly requests?: number;
}

/** Delivery options of one handler, or defaults of a broker. */
export interface HandlerOptions {
  /** How a delivery is settled. Default: `nack-on-error`. */
  readonly ack?: AckPolicy;
  /** Retries of a failed handler, in place, before the ack policy applies. */
  readonly retry?: RetryOptions;
  /**
   * Where messages are parked that are given up: after the retries, and at once those that cannot succeed or are refused.
   * They are acknowledged once the letter is confirmed. A string is a destination of the source's own broker; `false` in
   * a handler switches the broker's default off. Default: none.
   */
  readonly deadLetter?: string | DeadLetterOptions | false;
  /**
   * Calls at once on each lane, with an order for each key: `16` is `{ perLane: 16, requests: 16 }`. Default 1: one
   * after another.
   */
  readonly concurrency?: number | ConcurrencyOptions;
  /** Decodes payloads. Default: by content type. */
  readonly codec?: Codec;
  /** Time limit of a handler call, in milliseconds: beyond it, it is logged and its `signal` aborts. Default: none. */
  readonly maxProcessingMs?: number;
  /**
   * What becomes of a message that the `filter` of no handler of its source wants: `'ack'` (default), or `'reject'`, as a
   * message that cannot be handled. Both are counted. Handlers of one source have to agree.
   */
  readonly unmatched?: 'ack' | 'reject';
}

/** How many messages a handler gets in one call. */
export interface BatchOptions {
  /** The most messages of one call, 1 to 10,000. */
  readonly maxSize: number;
  /**
   * How long the first message waits for others, in milliseconds, unless there are enough of them sooner. Default 0:
   * a call takes what is there.
   */
  readonly maxWaitMs?: number;
  /** The most bytes of all bodies of one call. A message that is larger is handled by itself. Default: no limit. */
  readonly maxBytes?: number;
}

/** Options of one subscription. */
export interface SubscribeOptions extends HandlerOptions {
  /**
   * Several messages in one call: the payload is an array of their payloads, and the context a {@link BatchContext}. They
   * are of one lane (a Kafka partition, a JetStream consumer, a core NATS subscription), in order. Default: one message.
   */
  readonly batch?: BatchOptions;
  /** Validates the payload and replaces it by the output of the schema. An invalid payload is not retried. */
  readonly schema?: StandardSchema;
  /**
   * Which messages the handler takes. Of several handlers of one source, the first one takes a message whose filter
   * returns true, in order of declaration, and the one without a filter takes the rest. It gets the payload decoded but
   * not yet validated, so its type is only what the sender promised; `byHeader()` decides without decoding.
   */
  readonly filter?: MessageFilter;
  /**
   * Whether the application's global guards, interceptors, pipes and filters (`APP_*`, `useGlobal*()`) run for its
   * messages. Default: the module's option of that name. Those of class and method always run.
   */
  readonly globalEnhancers?: boolean;
  /**
   * Whether the handler answers requests, messages with a reply subject. Default: it answers with its result, and does not
   * answer where it returns nothing. `true`: it also sends empty answers, and every failure. `false`: it never answers,
   * for a handler that listens beside the responder and returns a result for a publisher.
   */
  readonly reply?: boolean;
}

/**
 * Whether a handler takes a message. An error of it is a failure of the message, and so is an answer that is neither true
 * nor false.
 */
export type MessageFilter<T = unknown> = Lenient<[message: BrokerMessage<T>], boolean | PromiseLike<boolean>>;

/** Options of `broker.messages()`. */
export interface MessagesOptions extends Pick<
  SubscribeOptions,
  'codec' | 'schema' | 'filter' | 'unmatched' | 'deadLetter' | 'maxProcessingMs'
> {
  /**
   * What follows when a message cannot be decoded or is invalid, and so never reaches the loop. `nack-on-error`
   * (default): it is held on Kafka, and redelivered by JetStream. `reject-on-error`: it is logged, counted and acked.
   * With `deadLetter` it is parked in either case.
   */
  readonly ack?: 'nack-on-error' | 'reject-on-error';
  /** Ends the loop: the current message is acked when the next one is asked for, and there is no further one. */
  readonly signal?: AbortSignal;
}

/**
 * A function whose parameters may be declared with narrower types, because TypeScript compares the parameters of methods
 * bivariantly. For types that only the user knows, such as the result of the method that the option belongs to.
 */
export type Lenient<A extends readonly unknown[], R> = { lenient(...args: A): R }['lenient'];

/**
 * The part of Standard Schema 1 (standardschema.dev) that the library uses; zod, valibot, arktype and others implement
 * it. Declared here, so that the library needs no dependency for a type.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema takes. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];

/** What a schema gives. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** Result of a validation: the value, or the issues found. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One issue found by a schema. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
