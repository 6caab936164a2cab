import type { Destination } from './addressing.js';
/** Text headers. The library writes lower-case names; names written by others are kept unchanged. */
export type Headers = Readonly<Record<string, string>>;

/** One header as bytes; `null`: a header without a value, which Kafka allows. */
export type RawHeader = readonly [name: string, value: Buffer | null];

/** A header to write; a string is written as UTF-8. */
export type RawHeaderToWrite = readonly [name: string, value: Uint8Array | string | null];

/** Shared by all messages without headers, and recognised by identity. */
export const NO_HEADERS: Headers = Object.freeze({});

/** One message as a handler sees it. Its JSON form leaves out the raw fields: bytes, and the client's own object. */
export interface BrokerMessage<T = unknown> {
  /** Decoded by content type; `null` for a message without a value. */
  readonly payload: T;
  /** Headers as text: binary values (Kafka allows them) are read as UTF-8, and of repeated names the last one counts. */
  readonly headers: Headers;
  /** All headers in order, as bytes, repeated names included. Built on first access. */
  readonly rawHeaders: readonly RawHeader[];
  /** Kafka's message key, or a NATS message's header `message-key`. A binary key is read as UTF-8. */
  readonly key?: string | undefined;
  /** The key as bytes: different binary keys may look the same as text. */
  readonly rawKey?: Buffer | undefined;
  /** `{ topic, partition, message }` of kafkajs, the NATS client's `Msg` or `JsMsg`, or a twin's own record. */
  readonly raw: unknown;
  /** Unique to this message, and the same on every delivery. */
  readonly id: string;
  /** The header `correlation-id`, or {@link id} where there is none. Propagated to messages that the handler publishes. */
  readonly correlationId: string;
  /** Timestamp of the server or the publisher, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** From 1; counts retries in place and redeliveries. */
  readonly attempt: number;
  /** Address of the answer, where one is expected. */
  readonly replyTo?: string | undefined;
}

/**
 * A message to publish, with its body encoded. It must not be modified: a retry sends the same bytes. The body may be a
 * buffer that the application reuses once the publish has ended.
 */
export interface Outgoing {
  readonly body: Uint8Array | null;
  /** Bytes for a binary key. */
  readonly key?: string | Uint8Array | undefined;
  /** Kafka: the partition, where the key does not decide it. */
  readonly partition?: number | undefined;
  /** Owned by the message and never modified, so that a twin may keep them. */
  readonly headers?: Headers | undefined;
  /**
   * Headers with binary values, repeated names, or names that the system may not allow, written byte for byte and in
   * order, in addition to `headers`; no name is in both. The driver encodes reversibly what the system cannot carry, and
   * never fails because of one. Neither the list nor the bytes are modified later.
   */
  readonly rawHeaders?: readonly RawHeader[] | undefined;
  /** A destination with deduplication (JetStream) drops a second message with this id within its window. */
  readonly dedupeId?: string | undefined;
  /** The message whose handler published this one. Used by twins for tracing; not sent to a server. */
  readonly origin?: Incoming | undefined;
}

/** A message as a driver hands it over. Headers and texts are built on demand. */
export interface Incoming {
  /** Owned by the receiver: writing into it affects no other delivery and no other group. */
  readonly body: Uint8Array | null;
  /**
   * The body as UTF-8, for a reader that only parses it: a copy of the bytes is not made. Absent where `body` is no copy;
   * undefined without a body, or where it has 0 bytes.
   */
  readonly text?: string | undefined;
  /**
   * The body has 0 bytes, and the system does not distinguish an empty value from a missing one: the codec decides by
   * `decodeEmpty`.
   */
  readonly emptyMayBeNull?: boolean | undefined;
  /** The key as text; a binary key is read as UTF-8. */
  readonly key?: string | undefined;
  /** The key as bytes. Absent: keys of this system are always text. */
  readonly rawKey?: Uint8Array | undefined;
  /**
   * Returns the headers as text. The object may be shared between deliveries: delivery calls this at most once, and does
   * not modify the result.
   */
  headers(): Headers;
  /** Returns all headers in order, as bytes. Absent: `headers()` is complete. */
  rawHeaders?(): readonly RawHeader[];
  /** Topic or subject of the message. */
  readonly address: string;
  /** Values of the source's wildcards or groups, in order (`*` and `>` of a NATS subject, groups of a RegExp). */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly replyTo?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly raw: unknown;
  /** The same on every delivery, and never reused: cluster or broker, place and, where places are reused, time. */
  readonly position: string;
  /** Readable position, like {@link Receipt.position}: `topic[partition]@offset` or `stream@sequence`. */
  readonly location?: string | undefined;
  /** Approximate memory that it holds while queued. Used on lanes with a {@link Lane.pendingBytesLimit}. */
  readonly bytes?: number | undefined;
  /** Called on such lanes when the queue before it is long, so that it releases memory that it shares with others. */
  willWait?(): void;
  /** How often the server has delivered it, from 1. */
  readonly deliveryCount: number;
  /** On a twin: it was published by another broker. In production it arrives only if both are the same cluster. */
  readonly carried?: boolean | undefined;
}

/** All headers of a message as bytes, whether or not its driver provides `rawHeaders()`. */
export function rawHeadersOf(message: Pick<Incoming, 'headers' | 'rawHeaders'>): readonly RawHeader[] {
  if (message.rawHeaders !== undefined) return message.rawHeaders();
  return Object.entries(message.headers()).map(([name, value]) => [name, Buffer.from(value)]);
}

/** Options of one message that a handler returns. */
export interface OutgoingFields {
  /** A string, or bytes such as `message.rawKey`. */
  readonly key?: string | Uint8Array | undefined;
  readonly headers?: Headers | undefined;
  /** Further headers, in order: repeated names, or binary values. */
  readonly rawHeaders?: readonly RawHeaderToWrite[] | undefined;
  /** Overrides the publisher's destination, on the same broker. */
  readonly destination?: string | Destination | undefined;
  /** Fills the placeholders of the destination, `orders.{id}`, before the params of the message being handled. */
  readonly params?: Readonly<Record<string, string>> | undefined;
}

const NO_FIELDS: OutgoingFields = Object.freeze({});
/** Of what is made by {@link outgoing} and `outgoing.each()`. */
export const OUTGOING = Symbol.for('nestjs-multi-broker.outgoing');

/** A payload with options of its own; created by {@link outgoing}. */
export interface OutgoingMessage<T = unknown> extends OutgoingFields {
  /** @internal */
  readonly [OUTGOING]: true;
  readonly payload: T;
}

/** Several messages; created by `outgoing.each`. */
export interface OutgoingEach<T = unknown> {
  /** @internal */
  readonly [OUTGOING]: 'each';
  readonly items: readonly T[];
}

/** A class, so that all returned messages have one hidden class in V8. */
class Message<T> implements OutgoingMessage<T> {
  readonly [OUTGOING] = true;

  constructor(
    readonly payload: T,
    readonly key: string | Uint8Array | undefined,
    readonly headers: Headers | undefined,
    readonly destination: string | Destination | undefined,
    readonly rawHeaders: readonly RawHeaderToWrite[] | undefined,
    readonly params: Readonly<Record<string, string>> | undefined,
  ) {}
}

/** A class as well: plain objects are recognised as payloads by their prototype, without further checks. */
class Messages<T> implements OutgoingEach<T> {
  readonly [OUTGOING] = 'each';

  constructor(readonly items: readonly T[]) {}
}

/** Wraps a handler's result, or an item of a batch, with a key, headers or a destination of its own. */
export function outgoing<T>(payload: T, fields: OutgoingFields = NO_FIELDS): OutgoingMessage<T> {
  const { key, headers, destination, rawHeaders, params } = fields;
  return new Message(payload, key, headers, destination, rawHeaders, params);
}

/** One message per item, where a plain array would be a single message. Items may be made by `outgoing()`. */
outgoing.each = <T>(items: readonly T[]): OutgoingEach<T> => new Messages(items);

/** Whether the value was made by {@link outgoing}. */
export function isOutgoingMessage(value: unknown): value is OutgoingMessage {
  return typeof value === 'object' && value !== null && (value as Partial<OutgoingMessage>)[OUTGOING] === true;
}

/** Whether the value was made by `outgoing.each`. */
export function isOutgoingEach(value: unknown): value is OutgoingEach {
  return typeof value === 'object' && value !== null && (value as Partial<OutgoingEach>)[OUTGOING] === 'each';
}
