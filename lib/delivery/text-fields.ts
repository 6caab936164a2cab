import type { Headers } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';

/** Where a key or a header comes from, for the error. */
export interface Sender {
  readonly broker: string;
  readonly handler?: string | undefined;
}

/**
 * A key is a text: what comes from a database or a parsed body is often typed as `any`, and a driver that meets a
 * number would fail late, without saying why, after it may have written.
 */
export function textKey(key: string | undefined, sender: Sender): string | undefined {
  if (key === undefined || typeof key === 'string') return key;
  throw refused('MULTI_BROKER_OPTION_INVALID', 'the option key', key, sender);
}

/** The same of headers. */
export function textHeaders(headers: Headers | undefined, sender: Sender): Headers | undefined {
  for (const name in headers) {
    if (typeof headers[name] !== 'string') {
      throw refused('MULTI_BROKER_HEADER_INVALID', `the header ${JSON.stringify(name)}`, headers[name], sender);
    }
  }
  return headers;
}

function refused(
  code: 'MULTI_BROKER_OPTION_INVALID' | 'MULTI_BROKER_HEADER_INVALID',
  what: string,
  value: unknown,
  { broker, handler }: Sender,
): MultiBrokerError {
  const by = handler === undefined ? '' : ` by ${handler}`;
  const text = `In what is published${by} on broker '${broker}' ${what} must be a string, not ${value === null ? 'null' : typeof value}`;
  return new MultiBrokerError(code, text, { broker, handler });
}
