import { isPromise, isUint8Array } from 'node:util/types';
import { abandon } from '../async/index.js';
import type { Headers, RawHeader, RawHeaderToWrite } from '../driver/index.js';
import { errorOf, type MultiBrokerError, phrase } from '../errors/index.js';

/** The origin of a key or a header, for the error. */
export interface Sender {
  readonly broker: string;
  readonly handler?: string | undefined;
}

/**
 * Checks that a key is text or bytes: a value from a database or a parsed body is often typed as `any`, and a driver
 * that gets a number would fail late, without saying why, after it may have written.
 */
export function checkedKey(key: string | Uint8Array | undefined, sender: Sender): string | Uint8Array | undefined {
  if (key === undefined || typeof key === 'string' || isUint8Array(key)) return key;
  const { broker, handler } = sender;
  const type = refusedType(key);
  throw handler === undefined
    ? errorOf('MULTI_BROKER_OPTION_INVALID.publishedKey', { broker, type })
    : errorOf('MULTI_BROKER_OPTION_INVALID.publishedKeyOfHandler', { handler, broker, type });
}

/** Checks that headers are an object, and every one of them text. */
export function textHeaders(headers: Headers | undefined, sender: Sender): Headers | undefined {
  if (headers !== undefined && !isRecord(headers)) {
    throw badHeader('headers', 'a plain object of names and strings', headers, sender);
  }
  for (const name in headers) {
    if (typeof headers[name] !== 'string') {
      throw badHeader(phrase('header', { name: JSON.stringify(name) }), 'a string', headers[name], sender);
    }
  }
  return headers;
}

/** A Map, the Headers of fetch() and a promise have no fields to read: what they hold would be left out in silence. */
export function isRecord(headers: unknown): headers is object {
  return typeof headers === 'object' && headers !== null && !(Symbol.iterator in headers) && !isPromise(headers);
}

/** Headers as bytes: a copy of the list, with texts written as UTF-8. */
export function rawHeaders(headers: readonly RawHeaderToWrite[], sender: Sender): readonly RawHeader[] {
  return headers.map(([name, value]) => [checkedName(name, sender), rawValue(name, value, sender)]);
}

function checkedName(name: unknown, sender: Sender): string {
  if (typeof name === 'string') return name;
  throw badHeader(phrase('rawHeaderName'), 'a string', name, sender);
}

function rawValue(name: string, value: RawHeaderToWrite[1], sender: Sender): Buffer | null {
  if (value === null) return null;
  if (typeof value === 'string' || isUint8Array(value)) return Buffer.from(value);
  const field = phrase('rawHeader', { name: JSON.stringify(name) });
  throw badHeader(field, 'bytes, a string or null', value, sender);
}

/** The type of a value that is refused, which is never shown itself: it may be a payload. */
export function refusedType(value: unknown): string {
  abandon(value);
  if (isPromise(value)) return 'promise';
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function badHeader(field: string, expected: string, value: unknown, { broker, handler }: Sender): MultiBrokerError {
  const params = { broker, field, expected, type: refusedType(value) };
  return handler === undefined
    ? errorOf('MULTI_BROKER_HEADER_INVALID.published', params)
    : errorOf('MULTI_BROKER_HEADER_INVALID.publishedByHandler', { ...params, handler });
}
