import type { Headers, RawHeader } from '../../../driver/index.js';
import {
  headerProblem,
  headersOf as headersIn,
  keyOf,
  type Lines,
  rawHeadersOf,
  saysNull,
} from '../../header-names.js';
import type { ClientHeaders, ClientMessage } from './client-port.js';
import { headerBytes } from './nats-js/message-inside.js';

export { bytesHeld, letGoOfOthers, sizeOf, subjectBytes } from './nats-js/message-inside.js';

/** The body; null if its publisher marked the message as one without a value. */
export function readBody(message: ClientMessage): Uint8Array | null {
  const { data } = message;
  return data.length === 0 && saysNull(linesOf(message)) ? null : data;
}

/** The key, which travels as a header; a binary key is decoded as UTF-8. */
export function readKey(message: ClientMessage): string | undefined {
  const key = keyOf(linesOf(message));
  return typeof key === 'object' ? key.toString() : key;
}

/** The key as bytes. */
export function readRawKey(message: ClientMessage): Buffer | undefined {
  const key = keyOf(linesOf(message));
  return typeof key === 'string' ? Buffer.from(key) : key;
}

export function readHeaders(message: ClientMessage): Headers {
  return headersIn(linesOf(message));
}

export function readRawHeaders(message: ClientMessage): readonly RawHeader[] {
  return rawHeadersOf(linesOf(message));
}

function linesOf(message: ClientMessage): Lines {
  return headersOf(message) ?? salvaged(message);
}

/**
 * Undefined if there are none, or if nats.js throws on parsing them: an error thrown in its message callback would stop
 * the connection from reading.
 */
export function headersOf(message: ClientMessage): ClientHeaders | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

const NONE: ReadonlyMap<string, string[]> = new Map();

/** Parses the block leniently, where nats.js fails to: keeps the lines that this library itself could have written. */
function salvaged(message: ClientMessage): ReadonlyMap<string, string[]> {
  const block = headerBytes(message);
  if (block === undefined) return NONE;
  const found = new Map<string, string[]>();
  const [, ...lines] = Buffer.from(block).toString().split('\r\n');
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (colon > 0 && headerProblem(name, value) === undefined) found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}
