import type { Codec } from '../codec/index.js';
import type { Destination } from './definition.js';
import type { Lenient } from './lenient.js';
import type { BrokerMessage } from './message.js';
import type { StandardSchema } from './standard-schema.js';

/**
 * What settles a delivery.
 *
 * - `nack-on-error` (default): acked after success; after failure it comes again in 1 s, doubling to 30 s.
 * - `reject-on-error`: after failure it is logged, counted and acked.
 * - `ack-first`: acked before the handler is called; a failure is logged.
 * - `manual`: only by `context.ack()`, `nack()` or `reject()`; on JetStream what is left unsettled comes again once its
 *   handler is over and ack_wait has passed.
 */
export type AckPolicy = 'nack-on-error' | 'reject-on-error' | 'ack-first' | 'manual';

/** Calls the handler again, in place; then the ack policy decides. */
export interface RetryOptions {
  /** Calls in all, 1 = no retry. Default 3. */
  readonly attempts?: number;
  /** Wait before the second call, in milliseconds. Default 100. */
  readonly delayMs?: number;
  /** Each further wait is this many times the last. Default 2. */
  readonly factor?: number;
  /** No wait is longer, in milliseconds. Default 30,000. */
  readonly maxDelayMs?: number;
  /** Takes a random part of up to this share off each wait, 0 to 1. Default 0. */
  readonly jitter?: number;
  /** Only errors for which it returns true are retried. Default: all but those that cannot succeed. */
  readonly retryIf?: (error: Error) => boolean;
}

/** Where a message goes that failed for good. */
export interface DeadLetterOptions {
  /** Name of the broker, which may be another than the source's. */
  readonly broker: string;
  readonly destination: string | Destination;
}

/** What is handled at once, and what one after another. */
export interface ConcurrencyOptions {
  /**
   * Core NATS messages that ask for an answer, of each subscription. Default 64; 1: one after another, as all others
   * are.
   */
  readonly requests?: number;
}

/** How deliveries to a handler are done: for one binding, or as a broker's default. */
export interface HandlerOptions {
  /** What settles a message whose handler failed. Default: `nack-on-error`. */
  readonly ack?: AckPolicy;
  /** How a failed handler is called again in place, before the ack policy decides. */
  readonly retry?: RetryOptions;
  /** Not offered yet: refused with MULTI_BROKER_OPTION_UNSUPPORTED. */
  readonly deadLetter?: DeadLetterOptions;
  /** What is handled at once. A number beyond 1 is not offered yet: refused with MULTI_BROKER_OPTION_UNSUPPORTED. */
  readonly concurrency?: number | ConcurrencyOptions;
  /** Not offered yet: refused with MULTI_BROKER_OPTION_UNSUPPORTED. */
  readonly batch?: unknown;
  /** Reads payloads. Default: by content type. */
  readonly codec?: Codec;
  /** A handler call that runs longer, in milliseconds, is named in the log and its `signal` aborts. Default: none. */
  readonly maxProcessingMs?: number;
}

/** Options of one subscription. */
export interface SubscribeOptions extends HandlerOptions {
  /** Validates the payload, which becomes the schema's output. An invalid one is a failure that cannot succeed. */
  readonly schema?: StandardSchema;
  /**
   * Messages for which it returns false are acked without a call of the handler. It sees the payload decoded and not
   * yet validated: what its type says of it is as the sender promised.
   */
  readonly filter?: Lenient<[message: BrokerMessage], boolean>;
  /**
   * Whether the application's own guards, interceptors, pipes and filters (`APP_*`, `useGlobal*()`) run for its messages.
   * Default: as the module's option of that name says. Those of class and method always do.
   */
  readonly globalEnhancers?: boolean;
  /**
   * Whether the handler answers messages that carry a reply subject (requests). Default: with what it returns, and not
   * at all where it returns nothing. `true`: also with an empty answer, and with every failure. `false`: never, which
   * is for who listens beside a responder and returns something for a publisher.
   */
  readonly reply?: boolean;
}
