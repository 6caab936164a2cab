import type { Msg, MsgHdrs } from 'nats';
import type { Headers, RawHeader } from '../../../driver/index.js';
import {
  headerProblem,
  headersOf as headersIn,
  keyOf,
  type Lines,
  rawHeadersOf,
  saysNull,
} from '../../header-names.js';

/** The body; null if its publisher marked the message as one without a value. */
export function readBody(message: Msg): Uint8Array | null {
  const { data } = message;
  return data.length === 0 && saysNull(linesOf(message)) ? null : data;
}

/** Bytes of headers and body together. */
export function sizeOf(message: Msg): number {
  return (message as unknown as Inside)._rdata?.length ?? message.data.length;
}

/** The key, which travels as a header; a binary key is decoded as UTF-8. */
export function readKey(message: Msg): string | undefined {
  const key = keyOf(linesOf(message));
  return typeof key === 'object' ? key.toString() : key;
}

/** The key as bytes. */
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
 * Undefined if there are none, or if nats.js throws on parsing them: an error thrown in its message callback would stop
 * the connection from reading.
 */
export function headersOf(message: Msg): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

/** Private fields of a message of nats.js 2: views of what one read of the socket brought, or buffers of its own. */
interface Inside {
  /** The block of headers, then the body. */
  _rdata?: Uint8Array;
  _msg?: { readonly hdr?: number; subject?: Uint8Array; reply?: Uint8Array | undefined };
}

const NONE: ReadonlyMap<string, string[]> = new Map();

/** Parses the block leniently, where nats.js fails to: keeps the lines that this library itself could have written. */
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

/** The subject as bytes, which are there before its text; undefined where the client does not have them. */
export function subjectBytes(message: Msg): Uint8Array | undefined {
  return (message as unknown as Inside)._msg?.subject;
}

/** Node reads at most this much from a socket at once, and pools small buffers in one of this size: a larger one holds a single message. */
const LARGEST_SHARED = Math.max(65_536, Buffer.allocUnsafe(1).buffer.byteLength);

/** The bytes that a message keeps in memory. A large one is assembled in a buffer of up to twice its size. */
export function bytesHeld(message: Msg): number {
  const { _rdata: data, _msg: { subject, reply } = {} } = message as unknown as Inside;
  if (data === undefined) return message.data.length;
  const held = data.buffer.byteLength;
  return held > LARGEST_SHARED ? held : data.length + (subject?.length ?? 0) + (reply?.length ?? 0);
}

/** Copies a message out of a buffer of more than twice its size: it would keep everything that arrived with it. */
export function letGoOfOthers(message: Msg): void {
  const inside = message as unknown as Inside;
  const { _rdata: data, _msg: args } = inside;
  if (data === undefined || args?.subject === undefined || data.buffer.byteLength < 2 * data.length) return;
  const { subject, reply } = args;
  const own = Buffer.allocUnsafe(data.length + subject.length + (reply?.length ?? 0));
  own.set(data);
  own.set(subject, data.length);
  inside._rdata = own.subarray(0, data.length);
  args.subject = own.subarray(data.length, data.length + subject.length);
  if (reply === undefined) return;
  own.set(reply, data.length + subject.length);
  args.reply = own.subarray(data.length + subject.length);
}
