/** Header names are lower case in what the library writes; what others wrote is passed as it came. */
export type Headers = Readonly<Record<string, string>>;

/** One header as its bytes; `null` is a header without a value, which Kafka knows. */
export type RawHeader = readonly [name: string, value: Buffer | null];

/** A header to write; a text is written as UTF-8. */
export type RawHeaderToWrite = readonly [name: string, value: Uint8Array | string | null];

/** Shared by all messages without headers, and told from other headers by identity. */
export const NO_HEADERS: Headers = Object.freeze({});

/** One message as a handler sees it. As JSON it is all of it but what is raw: bytes, and the client's own object. */
export interface BrokerMessage<T = unknown> {
  /** Decoded by content type; `null` for a message without a value. */
  readonly payload: T;
  /** Text headers; a value that is no text (Kafka allows any bytes) is read as UTF-8, of repeated ones the last. */
  readonly headers: Headers;
  /** Every header in order, repeated ones too, as the bytes that came. Made when asked for. */
  readonly rawHeaders: readonly RawHeader[];
  /** Kafka's message key, or what a NATS message carries as the header `message-key`; one that is no text as UTF-8. */
  readonly key?: string | undefined;
  /** The bytes of the key, which need be no text: two keys that differ may read alike as text. */
  readonly rawKey?: Buffer | undefined;
  /** `{ topic, partition, message }` of kafkajs, or the client's `Msg` or `JsMsg`; a twin gives its own record. */
  readonly raw: unknown;
  /** Same on every delivery of this message, and no other message's. */
  readonly id: string;
  /** The header `correlation-id`, or {@link id} where there is none. It crosses to what the handler publishes. */
  readonly correlationId: string;
  /** When the server or the publisher stamped it, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** From 1; counts calls in place and redeliveries. */
  readonly attempt: number;
  /** Where an answer is expected. */
  readonly replyTo?: string | undefined;
}

/**
 * A message to write, its body already encoded. A driver never changes it: a retry sends the same bytes. Nor does
 * anybody else while it is written; the bytes may be the application's, who uses them again afterwards.
 */
export interface Outgoing {
  readonly body: Uint8Array | null;
  /** Bytes where the key is no text. */
  readonly key?: string | Uint8Array | undefined;
  /** Kafka: the partition, where it is not the key's. */
  readonly partition?: number | undefined;
  /** Nobody's but the message's: never changed again, so that a twin may keep them. */
  readonly headers?: Headers | undefined;
  /**
   * Headers that are no text, repeated, or not to be refused: written byte for byte, in order, beside `headers`, of which
   * none has the name of one of these. What the system cannot carry as it is the driver encodes so that it reads it back;
   * it never fails for one. Neither list nor bytes are changed again.
   */
  readonly rawHeaders?: readonly RawHeader[] | undefined;
  /** A destination that can (JetStream) takes a second message of this id, within its window, for the first. */
  readonly dedupeId?: string | undefined;
  /** The message whose handler has published it, where one has. A twin follows its way by it; no server is told. */
  readonly origin?: Incoming | undefined;
}

/** A message as a driver hands it over: decoding, headers and text are made when asked for. */
export interface Incoming {
  /** The receiver's own: what is written into it, no other delivery and no other group sees. */
  readonly body: Uint8Array | null;
  /**
   * The body has 0 bytes, and the system does not tell whether that is an empty value or none: the codec decides, by
   * `decodeEmpty`.
   */
  readonly emptyMayBeNull?: boolean | undefined;
  /** One that is no text as UTF-8. */
  readonly key?: string | undefined;
  /** The bytes of the key. Missing: it is always a text. */
  readonly rawKey?: Uint8Array | undefined;
  /**
   * Builds the text headers, or gives what several deliveries share: delivery asks at most once, and writes nothing.
   */
  headers(): Headers;
  /** Builds the list of all headers, in order, as bytes. Missing: `headers()` tells them all. */
  rawHeaders?(): readonly RawHeader[];
  /** The topic or subject it came by. */
  readonly address: string;
  /** Values of the source's wildcards or groups, in order (`*` and `>` of a NATS subject, groups of a RegExp). */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly replyTo?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly raw: unknown;
  /** Same on every delivery, unique for ever: it holds cluster or broker, place and, where places are reused, time. */
  readonly position: string;
  /** The same for people, as {@link Receipt.position}: `topic[partition]@offset` or `stream@sequence`. */
  readonly location?: string | undefined;
  /** About how much memory it holds while it waits. Asked on lanes with a {@link Lane.pendingBytesLimit}. */
  readonly bytes?: number | undefined;
  /** Many wait before it: called on such lanes, so that it lets go of memory that it shares with others. */
  willWait?(): void;
  /** From 1: how often the server has delivered it. */
  readonly deliveries: number;
  /** On a twin: another broker published it. In production it arrives only if the two are one cluster. */
  readonly carried?: boolean | undefined;
}

/** All headers of a message as bytes: its own, or, of a driver that knows texts alone, these. */
export function rawHeadersOf(message: Pick<Incoming, 'headers' | 'rawHeaders'>): readonly RawHeader[] {
  if (message.rawHeaders !== undefined) return message.rawHeaders();
  return Object.entries(message.headers()).map(([name, value]) => [name, Buffer.from(value)]);
}
