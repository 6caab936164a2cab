import type { Destination } from './definition.js';
import type { Headers, RawHeaderToWrite } from './message.js';

/** What may go with a payload that a handler returns. */
export interface OutgoingFields {
  /** A text, or bytes such as `message.rawKey`. */
  readonly key?: string | Uint8Array | undefined;
  readonly headers?: Headers | undefined;
  /** Further headers, in order: repeated ones, or of values that are no text. */
  readonly rawHeaders?: readonly RawHeaderToWrite[] | undefined;
  /** In place of the publisher's destination, on the same broker. */
  readonly destination?: string | Destination | undefined;
}

const NO_FIELDS: OutgoingFields = Object.freeze({});
const brand = Symbol.for('nestjs-multi-broker.outgoing');

/** A payload with fields; made by {@link outgoing}. */
export interface OutgoingMessage<T = unknown> extends OutgoingFields {
  /** @internal */
  readonly [brand]: true;
  readonly payload: T;
}

/** Several messages; made by `outgoing.each`. */
export interface OutgoingEach<T = unknown> {
  /** @internal */
  readonly [brand]: 'each';
  readonly items: readonly T[];
}

/** One shape for all of them: every message that a handler returns becomes one. */
class Message<T> implements OutgoingMessage<T> {
  readonly [brand] = true;

  constructor(
    readonly payload: T,
    readonly key: string | Uint8Array | undefined,
    readonly headers: Headers | undefined,
    readonly destination: string | Destination | undefined,
    readonly rawHeaders: readonly RawHeaderToWrite[] | undefined,
  ) {}
}

/** A class too: a result without a prototype of its own is taken for a payload at first sight. */
class Messages<T> implements OutgoingEach<T> {
  readonly [brand] = 'each';

  constructor(readonly items: readonly T[]) {}
}

/** Gives what a handler returns (or an item of a batch) a key, headers or a destination of its own. */
export function outgoing<T>(payload: T, fields: OutgoingFields = NO_FIELDS): OutgoingMessage<T> {
  const { key, headers, destination, rawHeaders } = fields;
  return new Message(payload, key, headers, destination, rawHeaders);
}

/** One message for each item, where a plain array would be one message. Items may be `outgoing()` themselves. */
outgoing.each = <T>(items: readonly T[]): OutgoingEach<T> => new Messages(items);

/** Whether it is of `outgoing()` or `outgoing.each()`, or a copy by a spread: by `in`, as what it is not asks often. */
export function isOutgoing(value: object): boolean {
  return brand in value;
}

/** Whether the value was made by {@link outgoing}. */
export function isOutgoingMessage(value: unknown): value is OutgoingMessage {
  return typeof value === 'object' && value !== null && (value as Partial<OutgoingMessage>)[brand] === true;
}

/** Whether the value was made by `outgoing.each`. */
export function isOutgoingEach(value: unknown): value is OutgoingEach {
  return typeof value === 'object' && value !== null && (value as Partial<OutgoingEach>)[brand] === 'each';
}
