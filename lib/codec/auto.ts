import { isUtf8 } from 'node:buffer';

import type { Encoded, SyncCodec } from './codec.js';
import { JSON_TYPE, mediaKind, TEXT } from './content-type.js';
import { keepsDigits } from './exact-number.js';
import { refuseLost } from './lost-in-json.js';
import { parseJson, PoisonedJson } from './safe-json.js';

/**
 * The default codec. Bytes stay as they are, a string is text/plain, anything else JSON. Read by content type; without
 * one JSON if it parses, else text if it is UTF-8, else bytes.
 */
export const auto: SyncCodec = {
  encode(payload: unknown): Encoded {
    if (payload === null) return { body: null };
    if (payload instanceof Uint8Array) return { body: payload };
    if (typeof payload === 'string') return { body: Buffer.from(payload), contentType: TEXT };
    return json.encode(payload);
  },

  decode(body: Uint8Array, contentType: string | undefined): unknown {
    switch (contentType === undefined ? undefined : mediaKind(contentType)) {
      case 'json':
        return json.decode(body, contentType);
      case 'text':
        return textOf(body);
      case 'bytes':
        return body;
      default:
        return guess(body);
    }
  },

  /** Without a content type none: an empty NATS body was `null` to whoever wrote it, more often than an empty text. */
  decodeEmpty(contentType: string | undefined): unknown {
    return contentType === undefined ? null : auto.decode(NOTHING, contentType);
  },
};

/** Always JSON, both ways. A body of 0 bytes, which is no JSON, is `null`. */
export const json: SyncCodec = {
  encode(payload: unknown): Encoded {
    if (payload === null) return { body: null };
    const written = JSON.stringify(payload) as string | undefined;
    if (written === undefined) throw new TypeError(`A ${typeof payload} has no JSON form`);
    refuseLost(payload, written);
    return { body: Buffer.from(written), contentType: JSON_TYPE };
  },
  decode: (body) => (body.byteLength === 0 ? null : parseJson(textOf(body))),
};

/** Passes bytes through: the payload is the body. */
export const bytes: SyncCodec = {
  encode(payload: unknown): Encoded {
    if (payload === null || payload instanceof Uint8Array) return { body: payload };
    throw new TypeError(`codec: bytes needs a Uint8Array, not a ${typeof payload}`);
  },
  decode: (body) => body,
};

const NOTHING = Buffer.alloc(0);

/** A Buffer view is read faster than by TextDecoder where the text is then parsed. */
export function textOf(body: Uint8Array): string {
  return viewOf(body).toString('utf8');
}

function viewOf(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/**
 * Only what may begin a JSON text is parsed: a throw for every plain text would cost 5 µs a message. Only what holds a
 * replacement character may be no UTF-8.
 */
function guess(body: Uint8Array): unknown {
  const written = textOf(body);
  if (written.includes('\ufffd') && !isUtf8(body)) return viewOf(body);
  if (!/^\s*[[{"\-0-9tfn]/.test(written)) return written;
  try {
    const value = parseJson(written);
    return typeof value === 'number' && !keepsDigits(written, value) ? written : value;
  } catch (error) {
    if (error instanceof PoisonedJson) throw error;
    return written;
  }
}
