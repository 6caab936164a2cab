import type { ReplyFormat } from './reply-format.js';

/** A payload as bytes. */
export interface Encoded {
  /** The bytes; `null` is a message without a value (Kafka tombstone, empty NATS body). */
  readonly body: Uint8Array | null;
  /** Written as the header `content-type`, where given. */
  readonly contentType?: string | undefined;
}

/**
 * Turns payloads into bytes and back. Both directions may throw, or give a promise, as a schema registry is asked over
 * the network. What fails is taken for a failure that cannot succeed, unless the error says `retryable: true`.
 *
 * Neither is called for a message without a value: that is `null`, both ways. `decode` is called for a body of 0 bytes,
 * as a Protobuf message of default values has no more.
 */
export interface Codec {
  /** @throws Error where the payload cannot be written; the publish is then refused with MULTI_BROKER_UNENCODABLE. */
  encode(payload: unknown): Encoded | PromiseLike<Encoded>;
  /** @throws Error where the body cannot be read; the message then fails for good with MULTI_BROKER_UNDECODABLE. */
  decode(body: Uint8Array, contentType: string | undefined): unknown;
  /** How requests and answers are written, where not as this library does. */
  readonly replies?: ReplyFormat;
  /**
   * What a body of 0 bytes is where the system cannot tell it from a message without a value: on NATS, written by
   * another client. Default: what `decode` makes of it.
   */
  decodeEmpty?(contentType: string | undefined): unknown;
}

/** A codec that needs no promises, as those of this library. */
export interface SyncCodec extends Codec {
  encode(payload: unknown): Encoded;
}
