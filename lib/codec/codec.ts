import type { ReplyFormat } from './reply-format.js';

/** A payload as bytes. */
export interface Encoded {
  /** The bytes; `null` is a message without a value (Kafka tombstone, empty NATS body). */
  readonly body: Uint8Array | null;
  /** Written as the header `content-type`, where given. */
  readonly contentType?: string | undefined;
}

/**
 * Turns payloads into bytes and back. Both directions may throw: the message is then a failure that cannot succeed.
 *
 * `decode` is never called for an empty body: that is `null` for every codec.
 */
export interface Codec {
  /** @throws Error where the payload cannot be written; the publish is then refused with MULTI_BROKER_UNENCODABLE. */
  encode(payload: unknown): Encoded;
  /** @throws Error where the body cannot be read; the message then fails for good with MULTI_BROKER_UNDECODABLE. */
  decode(body: Uint8Array, contentType: string | undefined): unknown;
  /** How requests and answers are written, where not as this library does. */
  readonly replies?: ReplyFormat;
}
