import type { Msg, MsgHdrs } from 'nats';

import type { Headers } from '../../driver/index.js';
import { headerProblem, keyHeader } from '../header-names.js';

/** An empty body is a message without a value: NATS knows no other. */
export function readBody({ data }: Msg): Uint8Array | null {
  return data.length === 0 ? null : data;
}

/** Bytes of headers and body. */
export function sizeOf(message: Msg): number {
  return (message as unknown as Inside)._rdata?.length ?? message.data.length;
}

/** The key that travels as a header. */
export function readKey(message: Msg): string | undefined {
  const headers = headersOf(message);
  if (headers === undefined) return salvaged(message).get(keyHeader)?.at(-1);
  return headers.has(keyHeader) ? headers.last(keyHeader) : undefined;
}

/**
 * Of repeated headers the last. The key is not among them, or it would cross a bridge that was not asked to carry it.
 */
export function readHeaders(message: Msg): Headers {
  const found: [string, string][] = [];
  for (const [name, values] of headersOf(message) ?? salvaged(message)) {
    if (name !== keyHeader) found.push([name, values.at(-1) ?? '']);
  }
  // fromEntries makes an own property even of `__proto__`.
  return Object.fromEntries(found);
}

/**
 * Undefined where there are none, or nats.js throws on reading them: where it calls back on a message, an error of the
 * callback ends its connection's reading.
 */
export function headersOf(message: Msg): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

/** What nats.js 2 has inside: the block of headers, then the body. */
interface Inside {
  readonly _rdata?: Uint8Array;
  readonly _msg?: { readonly hdr?: number };
}

const NONE: ReadonlyMap<string, string[]> = new Map();

/** The headers that the product itself would write, where nats.js reads none. */
function salvaged(message: Msg): ReadonlyMap<string, string[]> {
  const { _rdata: bytes, _msg: { hdr: length = 0 } = {} } = message as unknown as Inside;
  if (bytes === undefined || length <= 0) return NONE;
  const found = new Map<string, string[]>();
  const [, ...lines] = Buffer.from(bytes.subarray(0, length)).toString().split('\r\n');
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (colon > 0 && headerProblem(name, value) === undefined) found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}
