import { isUint8Array } from 'node:util/types';

import type { Headers, RawHeader, RawHeaderToWrite } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';

/** Where a key or a header comes from, for the error. */
export interface Sender {
  readonly broker: string;
  readonly handler?: string | undefined;
}

/**
 * A key is a text or bytes: what comes from a database or a parsed body is often typed as `any`, and a driver that meets
 * a number would fail late, without saying why, after it may have written.
 */
export function checkedKey(key: string | Uint8Array | undefined, sender: Sender): string | Uint8Array | undefined {
  if (key === undefined || typeof key === 'string' || isUint8Array(key)) return key;
  throw refused('MULTI_BROKER_OPTION_INVALID', 'the option key', 'a string or bytes', key, sender);
}

/** A header is a text. */
export function textHeaders(headers: Headers | undefined, sender: Sender): Headers | undefined {
  for (const name in headers) {
    if (typeof headers[name] !== 'string') {
      throw refused(
        'MULTI_BROKER_HEADER_INVALID',
        `the header ${JSON.stringify(name)}`,
        'a string',
        headers[name],
        sender,
      );
    }
  }
  return headers;
}

/** Headers as bytes: a copy of the list, with texts written as UTF-8. */
export function rawHeaders(headers: readonly RawHeaderToWrite[], sender: Sender): readonly RawHeader[] {
  return headers.map(([name, value]) => [checkedName(name, sender), rawValue(name, value, sender)]);
}

function checkedName(name: unknown, sender: Sender): string {
  if (typeof name === 'string') return name;
  throw refused('MULTI_BROKER_HEADER_INVALID', 'the name of a raw header', 'a string', name, sender);
}

function rawValue(name: string, value: RawHeaderToWrite[1], sender: Sender): Buffer | null {
  if (value === null) return null;
  if (typeof value === 'string' || isUint8Array(value)) return Buffer.from(value);
  const what = `the raw header ${JSON.stringify(name)}`;
  throw refused('MULTI_BROKER_HEADER_INVALID', what, 'bytes, a string or null', value, sender);
}

function refused(
  code: 'MULTI_BROKER_OPTION_INVALID' | 'MULTI_BROKER_HEADER_INVALID',
  what: string,
  expected: string,
  value: unknown,
  { broker, handler }: Sender,
): MultiBrokerError {
  const by = handler === undefined ? '' : ` by ${handler}`;
  const text = `In what is published${by} on broker '${broker}' ${what} must be ${expected}, not ${value === null ? 'null' : typeof value}`;
  return new MultiBrokerError(code, text, { broker, handler });
}
