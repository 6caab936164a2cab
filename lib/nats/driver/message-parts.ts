import type { Msg } from 'nats';

import type { Headers } from '../../driver/index.js';
import { keyHeader } from '../header-names.js';

/** An empty body is a message without a value: NATS knows no other. */
export function readBody({ data }: Msg): Uint8Array | null {
  return data.length === 0 ? null : data;
}

/** The key that travels as a header. */
export function readKey({ headers }: Msg): string | undefined {
  return headers?.has(keyHeader) === true ? headers.last(keyHeader) : undefined;
}

/**
 * Of repeated headers the last. The key is not among them, or it would cross a bridge that was not asked to carry it.
 */
export function readHeaders({ headers }: Msg): Headers {
  const found: [string, string][] = [];
  for (const [name, values] of headers ?? []) {
    if (name !== keyHeader) found.push([name, values.at(-1) ?? '']);
  }
  // fromEntries makes an own property even of `__proto__`.
  return Object.fromEntries(found);
}
