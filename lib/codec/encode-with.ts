import { isPromise, isUint8Array } from 'node:util/types';

import { auto, bytes, json } from './auto.js';
import type { Codec, Encoded } from './codec.js';

/** What a codec makes of a payload, looked at: what comes from a user's may be anything. `null` needs no codec. */
export function encodeWith(codec: Codec, payload: unknown): Encoded | Promise<Encoded> {
  if (payload === undefined) throw new TypeError('undefined has no form: null is a message without a value');
  const encoded: unknown = codec.encode(payload);
  if (isOwnCodec(codec)) return encoded as Encoded;
  if (isEncoded(encoded)) return encoded;
  if (isThenable(encoded)) return Promise.resolve(encoded).then((later) => checked(codec, later));
  return checked(codec, encoded);
}

/** Whether it is one of this library, which give no promises. */
export function isOwnCodec(codec: Codec): boolean {
  return codec === auto || codec === json || codec === bytes;
}

/** For errors: how a codec is called by whoever wrote it. Undefined for those of this library. */
export function codecName(codec: Codec): string | undefined {
  if (isOwnCodec(codec)) return undefined;
  const name: unknown = (codec as { constructor?: { name?: unknown } | undefined }).constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `codec ${name}` : 'its codec';
}

function checked(codec: Codec, encoded: unknown): Encoded {
  if (isEncoded(encoded)) return encoded;
  const gave = encoded === null ? 'null' : typeof encoded;
  throw new TypeError(`encode() of ${codecName(codec) ?? 'the codec'} gave no { body } (Uint8Array or null): ${gave}`);
}

function isEncoded(value: unknown): value is Encoded {
  if (typeof value !== 'object' || value === null) return false;
  const { body, contentType } = value as Partial<Record<keyof Encoded, unknown>>;
  if (body !== null && !isUint8Array(body)) return false;
  return contentType === undefined || typeof contentType === 'string';
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (isPromise(value)) return true;
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}
