import type { Codec } from '../codec/index.js';
import type { Headers } from './message.js';
import type { Lenient } from './lenient.js';
import type { MessageContext } from './message-context.js';

/**
 * A value, or a function of the result's payload and the context of the delivery. The result may be declared as what
 * the method returns: `(shipment: Shipment) => shipment.customer`.
 */
export type FieldOf<T> = T | Lenient<[result: unknown, context: MessageContext], T | undefined>;

/** `key: true` forwards the key; `headers: true` all headers that may cross, or those of the given names. */
export interface Forward {
  /** Lets the message key cross, byte for byte. */
  readonly key?: boolean;
  /** Lets all headers cross but those of one hop, or the named ones: byte for byte, repeated ones too. */
  readonly headers?: boolean | readonly string[];
}

/** Options of `@PublishTo`. */
export interface PublishToOptions {
  /** Message key, or a function of (result, context). Without one: none, unless `forward.key`. */
  readonly key?: FieldOf<string | Uint8Array>;
  /** Headers, or a function of (result, context). */
  readonly headers?: FieldOf<Headers>;
  /** Lets the source message's key and headers cross. Default: neither. */
  readonly forward?: Forward;
  /** Writes the result. Default: the target broker's, else by what it is. */
  readonly codec?: Codec;
  /**
   * For what may be lost, such as statistics: each result is tried once and not waited for. A failure is counted
   * (`health().counts.unpublished`) and logged; it never holds the source, nor fails the message. Default: false.
   */
  readonly bestEffort?: boolean;
  /** Not offered yet: refused with MULTI_BROKER_OPTION_UNSUPPORTED. */
  readonly dedupeId?: FieldOf<string>;
  /** Not offered yet: refused with MULTI_BROKER_OPTION_UNSUPPORTED. */
  readonly schema?: unknown;
}
