import type { Msg, MsgHdrs } from 'nats';

import type { Headers, RawHeader } from '../../driver/index.js';
import { headersOf as headersIn, keyOf, type Lines, rawHeadersOf, saysNull } from '../carried.js';
import { headerProblem } from '../header-names.js';

/** An empty body, unless its writer says that it is a message without a value. */
export function readBody(message: Msg): Uint8Array | null {
  const { data } = message;
  return data.length === 0 && saysNull(linesOf(message)) ? null : data;
}

/** Bytes of headers and body. */
export function sizeOf(message: Msg): number {
  return (message as unknown as Inside)._rdata?.length ?? message.data.length;
}

/** The key that travels as a header; its bytes as text, where it is none. */
export function readKey(message: Msg): string | undefined {
  const key = keyOf(linesOf(message));
  return typeof key === 'object' ? key.toString() : key;
}

/** The same as bytes. */
export function readRawKey(message: Msg): Buffer | undefined {
  const key = keyOf(linesOf(message));
  return typeof key === 'string' ? Buffer.from(key) : key;
}

export function readHeaders(message: Msg): Headers {
  return headersIn(linesOf(message));
}

export function readRawHeaders(message: Msg): readonly RawHeader[] {
  return rawHeadersOf(linesOf(message));
}

function linesOf(message: Msg): Lines {
  return headersOf(message) ?? salvaged(message);
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
