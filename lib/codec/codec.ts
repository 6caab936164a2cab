/** A payload as bytes. */
export interface Encoded {
  /** The bytes; `null` is a message without a value (Kafka tombstone, empty NATS body). */
  readonly body: Uint8Array | null;
  /** Value of the header `content-type`, if any. */
  readonly contentType?: string | undefined;
}

/**
 * Turns payloads into bytes and back. Both methods may throw or return a promise, for example to query a schema
 * registry. An error is not retried unless it has `retryable: true`.
 *
 * Neither method is called for a message without a value, which is `null` in both directions. `decode` is called for a
 * body of 0 bytes, which is a valid Protobuf message of default values.
 */
export interface Codec {
  /** @throws Error if the payload cannot be encoded; the publish then fails with MULTI_BROKER_UNENCODABLE. */
  encode(payload: unknown): Encoded | PromiseLike<Encoded>;
  /** @throws Error if the body cannot be decoded; the message then fails with MULTI_BROKER_UNDECODABLE. */
  decode(body: Uint8Array, contentType: string | undefined): unknown;
  /** Format of requests and answers. Default: this library's own. */
  readonly replies?: ReplyFormat;
  /**
   * Decodes a body of 0 bytes where the system does not distinguish it from a message without a value, as on NATS for
   * messages of other clients. Default: `decode`.
   */
  decodeEmpty?(contentType: string | undefined): unknown;
}

/** A codec that encodes synchronously, such as those of this library. */
export interface SyncCodec extends Codec {
  encode(payload: unknown): Encoded;
}

/** A message as a {@link ReplyFormat} sees it: a request or an answer. */
export interface RequestMessage {
  readonly body: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Reply address, in systems that have them (NATS). */
  readonly replyTo?: string | undefined;
}

/** Destination of an answer. */
export interface ReplyAddress {
  readonly to: string;
  /** Kafka: the partition that the requester reads. */
  readonly partition?: number | undefined;
}

/** An encoded answer. */
export interface ReplyMessage extends Encoded {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A decoded answer. */
export type Answer = { readonly payload: unknown } | { readonly failure: string };

/**
 * Format of requests and answers exchanged with other libraries. Without one, a request is a message with a reply
 * address, an answer is a message to that address, and a failure is an answer with the header `multi-broker-error`.
 */
export interface ReplyFormat {
  /** Whether answers are sent to a topic that the requester reads (`<topic>.reply`): Kafka has no reply addresses. */
  readonly byTopic: boolean;
  /** Destination of the answer; undefined if the message is not a request. */
  replyTo(request: RequestMessage): ReplyAddress | undefined;
  /** @param payload undefined if the handler returned nothing and has `reply: true` */
  answer(payload: unknown, request: RequestMessage): ReplyMessage;
  failure(error: Error, request: RequestMessage): ReplyMessage;
  /** @param address the subject or topic */
  request(payload: unknown, address: string): Encoded;
  /** @throws Error if the answer cannot be decoded */
  read(answer: RequestMessage): Answer;
}

/** Header with the content type of the body. */
export const CONTENT_TYPE = 'content-type';

/** Content types that the library writes, for strings and for values that are neither strings nor bytes. */
export const TEXT = 'text/plain';
export const JSON_TYPE = 'application/json';
export const OCTETS = 'application/octet-stream';

/** `json`, `text` or `bytes`; undefined for any other content type. */
export function mediaKind(contentType: string): 'json' | 'text' | 'bytes' | undefined {
  if (contentType === JSON_TYPE) return 'json';
  if (contentType === TEXT) return 'text';
  const media = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (media === JSON_TYPE || media.endsWith('+json')) return 'json';
  if (media.startsWith('text/')) return 'text';
  return media === OCTETS ? 'bytes' : undefined;
}

/** Whether the header is the content type, ignoring case: other producers write `Content-Type`. */
export function isContentType(name: string): boolean {
  return name.length === CONTENT_TYPE.length && (name === CONTENT_TYPE || name.toLowerCase() === CONTENT_TYPE);
}

/** The content type in the headers. The library's own spelling is looked up first. */
export function contentTypeOf(headers: Readonly<Record<string, string>>): string | undefined {
  const exact = headers[CONTENT_TYPE];
  if (exact !== undefined) return exact;
  for (const name in headers) if (isContentType(name)) return headers[name];
  return undefined;
}
