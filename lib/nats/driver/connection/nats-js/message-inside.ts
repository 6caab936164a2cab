import type { ClientMessage } from '../client-port.js';

/**
 * Private fields of a message of nats.js: views of what one read of the socket brought, or buffers of its own. They are
 * the same in 2.29 and 3.4; where a client does not have them, a message is read by its public parts.
 */
interface Inside {
  /** The block of headers, then the body. */
  _rdata?: Uint8Array;
  _msg?: { readonly hdr?: number; subject?: Uint8Array; reply?: Uint8Array | undefined };
}

type Message = ClientMessage & Inside;

/** Bytes of headers and body together. */
export function sizeOf(message: Message): number {
  return message._rdata?.length ?? message.data.length;
}

/** The block of headers; undefined without one. */
export function headerBytes({ _rdata: bytes, _msg: { hdr: length = 0 } = {} }: Message): Uint8Array | undefined {
  return bytes === undefined || length <= 0 ? undefined : bytes.subarray(0, length);
}

/** The subject as bytes, which are there before its text; undefined where the client does not have them. */
export function subjectBytes({ _msg: parts }: Message): Uint8Array | undefined {
  return parts?.subject;
}

/** Node reads at most this much from a socket at once, and pools small buffers in one of this size: a larger one holds a single message. */
const LARGEST_SHARED = Math.max(65_536, Buffer.allocUnsafe(1).buffer.byteLength);

/** The bytes that a message keeps in memory. A large one is assembled in a buffer of up to twice its size. */
export function bytesHeld(message: Message): number {
  const { _rdata: data, _msg: { subject, reply } = {} } = message;
  if (data === undefined) return message.data.length;
  const held = data.buffer.byteLength;
  return held > LARGEST_SHARED ? held : data.length + (subject?.length ?? 0) + (reply?.length ?? 0);
}

/** Copies a message out of a buffer of more than twice its size: it would keep everything that arrived with it. */
export function letGoOfOthers(message: Message): void {
  const { _rdata: data, _msg: args } = message;
  if (data === undefined || args?.subject === undefined || data.buffer.byteLength < 2 * data.length) return;
  const { subject, reply } = args;
  const own = Buffer.allocUnsafe(data.length + subject.length + (reply?.length ?? 0));
  own.set(data);
  own.set(subject, data.length);
  message._rdata = own.subarray(0, data.length);
  args.subject = own.subarray(data.length, data.length + subject.length);
  if (reply === undefined) return;
  own.set(reply, data.length + subject.length);
  args.reply = own.subarray(data.length + subject.length);
}
