import type { Codec, Encoded } from './codec.js';
import { JSON_TYPE, mediaKind, TEXT } from './content-type.js';
import { parseJson, PoisonedJson } from './safe-json.js';

/**
 * The default codec. Bytes stay as they are, a string is text/plain, anything else JSON. Read by content type;
 * without one JSON if it parses, else text.
 */
export const auto: Codec = {
  encode(payload: unknown): Encoded {
    if (payload === null) return { body: null };
    if (payload instanceof Uint8Array) return { body: payload };
    if (typeof payload === 'string') return { body: Buffer.from(payload), contentType: TEXT };
    return json.encode(payload);
  },

  decode(body: Uint8Array, contentType: string | undefined): unknown {
    switch (contentType === undefined ? undefined : mediaKind(contentType)) {
      case 'json':
        return parseJson(text(body));
      case 'text':
        return text(body);
      case 'bytes':
        return body;
      default:
        return guess(text(body));
    }
  },
};

/** Always JSON, both ways. */
export const json: Codec = {
  encode(payload: unknown): Encoded {
    if (payload === null) return { body: null };
    const written = JSON.stringify(payload) as string | undefined;
    if (written === undefined) throw new TypeError(`A ${typeof payload} has no JSON form`);
    if (written === '{}') refuseLost(payload);
    return { body: Buffer.from(written), contentType: JSON_TYPE };
  },
  decode: (body) => parseJson(text(body)),
};

/** Passes bytes through: the payload is the body. */
export const bytes: Codec = {
  encode(payload: unknown): Encoded {
    if (payload === null || payload instanceof Uint8Array) return { body: payload };
    throw new TypeError(`codec: bytes needs a Uint8Array, not a ${typeof payload}`);
  },
  decode: (body) => body,
};

/** What JSON writes as `{}`: a promise that nobody awaited, a generator, a Map. */
const LOST = /^\[object (Promise|.*Generator|.* Iterator|Map|Set|WeakMap|WeakSet|ArrayBuffer|SharedArrayBuffer)\]$/;

/** All that is in it would be lost without a word. */
function refuseLost(payload: unknown): void {
  const tag = Object.prototype.toString.call(payload);
  if (LOST.test(tag)) throw new TypeError(`JSON has no form for ${tag}: nothing of it would be written`);
}

/** A Buffer view is read faster than by TextDecoder where the text is then parsed. */
function text(body: Uint8Array): string {
  const view = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return view.toString('utf8');
}

/** Only what may begin a JSON text is parsed: a throw for every plain text would cost 5 µs a message. */
function guess(written: string): unknown {
  if (!/^\s*[[{"\-0-9tfn]/.test(written)) return written;
  try {
    return parseJson(written);
  } catch (error) {
    if (error instanceof PoisonedJson) throw error;
    return written;
  }
}
