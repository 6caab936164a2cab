import type { Codec } from '../codec/index.js';
import type { MessageContext } from './broker.js';
import type { Lenient, StandardSchema } from './handler-options.js';
import type { Headers } from './message.js';

/**
 * A value, or a function of the result's payload and the context of the delivery. The first parameter may be declared
 * with the type that the method returns: `(shipment: Shipment) => shipment.customer`.
 */
export type ValueOrFunction<T> = T | Lenient<[result: unknown, context: MessageContext], T | undefined>;

/** Parts that a published result takes over from the message being handled. */
export interface ForwardOptions {
  /** Forwards the message key, byte for byte. */
  readonly key?: boolean;
  /** Forwards all headers except hop-by-hop ones, or only the named ones: byte for byte, repeated ones included. */
  readonly headers?: boolean | readonly string[];
}

/** Options of `@PublishTo`. */
export interface PublishToOptions {
  /** Message key, or a function of (result, context). Default: none, unless `forward.key` is set. */
  readonly key?: ValueOrFunction<string | Uint8Array>;
  /** Headers, or a function of (result, context). */
  readonly headers?: ValueOrFunction<Headers>;
  /** Forwards the source message's key and headers. Default: neither. */
  readonly forward?: ForwardOptions;
  /** Encodes the result. Default: the target broker's codec, else chosen by the type of the result. */
  readonly codec?: Codec;
  /**
   * For results that may be lost, such as statistics: each is published once and not awaited. A failure is counted
   * (`health().counts.unpublished`) and logged; it neither holds the source back nor fails the message. Default: false.
   */
  readonly bestEffort?: boolean;
  /**
   * The id by which the destination drops a repeated message, or a function of (result, context); on JetStream its
   * `Nats-Msg-Id`. Refused where it has no effect: on Kafka, which has no such ids, and on core NATS. Default: an id of
   * the message being handled, its handler, the publisher and the item, so that a redelivery publishes nothing twice.
   */
  readonly dedupeId?: ValueOrFunction<string>;
  /**
   * Validates the result, and what is published is the schema's output. A result that is invalid for one publisher is
   * published by none of them, and fails the message, which cannot succeed by a retry (MULTI_BROKER_SCHEMA_INVALID). A
   * sequence is read to its end before its first item is published.
   */
  readonly schema?: StandardSchema;
  /** Only results for which it returns true are published by this publisher. Called before the schema. */
  readonly when?: Lenient<[result: unknown, context: MessageContext], boolean>;
}
