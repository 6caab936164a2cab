import type { Msg } from 'nats';

/** What nats.js 2 has inside a message: views of what one read of the socket brought, or buffers of its own. */
interface Inside {
  _rdata?: Uint8Array;
  _msg?: { subject?: Uint8Array; reply?: Uint8Array | undefined };
}

/** Node reads no more from a socket at a time, and small buffers share one of this size: a longer one holds one message. */
const largestShared = Math.max(65_536, Buffer.allocUnsafe(1).buffer.byteLength);

/** The bytes that a message keeps in memory. A long one is put together in a buffer of up to twice its size. */
export function bytesHeld(message: Msg): number {
  const { _rdata: data, _msg: { subject, reply } = {} } = message as unknown as Inside;
  if (data === undefined) return message.data.length;
  const held = data.buffer.byteLength;
  return held > largestShared ? held : data.length + (subject?.length ?? 0) + (reply?.length ?? 0);
}

/** Copies what is a view of more than twice its size: one message would keep all that came with it. */
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
