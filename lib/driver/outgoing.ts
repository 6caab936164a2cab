import type { Destination } from './definition.js';
import type { Headers } from './message.js';

/** What may go with a payload that a handler returns. */
export interface OutgoingFields {
  readonly key?: string;
  readonly headers?: Headers;
  /** In place of the publisher's destination, on the same broker. */
  readonly destination?: string | Destination;
}

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

/** Gives what a handler returns (or an item of a batch) a key, headers or a destination of its own. */
export function outgoing<T>(payload: T, fields: OutgoingFields = {}): OutgoingMessage<T> {
  return { ...fields, payload, [brand]: true };
}

/** One message for each item, where a plain array would be one message. Items may be `outgoing()` themselves. */
outgoing.each = <T>(items: readonly T[]): OutgoingEach<T> => ({ items, [brand]: 'each' });

/** Whether the value was made by {@link outgoing}. */
export function isOutgoingMessage(value: unknown): value is OutgoingMessage {
  return typeof value === 'object' && value !== null && (value as Partial<OutgoingMessage>)[brand] === true;
}

/** Whether the value was made by `outgoing.each`. */
export function isOutgoingEach(value: unknown): value is OutgoingEach {
  return typeof value === 'object' && value !== null && (value as Partial<OutgoingEach>)[brand] === 'each';
}
