import { isUtf8 } from 'node:buffer';
import { type Codec, type Encoded, JSON_TYPE, mediaKind, type SyncCodec, TEXT } from './codec.js';
import { keepsDigits, parseJson, PoisonedJson, refuseLost } from './safe-json.js';
import { phrase } from '../errors/index.js';

/**
 * The default codec. It writes bytes unchanged, strings as text/plain, and anything else as JSON. It reads by content
 * type; without one, as JSON if the body parses, else as text if it is UTF-8, else as bytes.
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

  /** `null` without a content type: an empty NATS body is more often written for `null` than for an empty string. */
  decodeEmpty(contentType: string | undefined): unknown {
    return contentType === undefined ? null : auto.decode(NOTHING, contentType);
  },
};

/** JSON in both directions. A body of 0 bytes, which is not valid JSON, is `null`. */
export const json: SyncCodec = {
  encode(payload: unknown): Encoded {
    if (payload === null) return { body: null };
    return { body: Buffer.from(jsonText(payload)), contentType: JSON_TYPE };
  },
  decode: (body) => (body.byteLength === 0 ? null : parseJson(textOf(body))),
};

/** The text of a payload that is not `null`. @throws TypeError for one that has no JSON form, or loses a part in it */
export function jsonText(payload: unknown): string {
  const written = JSON.stringify(payload) as string | undefined;
  if (written === undefined) throw new TypeError(phrase('noJsonForm', { type: typeof payload }));
  refuseLost(payload, written);
  return written;
}

/** Whether the codec is one of this library that writes the payload as {@link jsonText}. */
export function writesJson(codec: Codec, payload: unknown): boolean {
  if (!readsJson(codec)) return false;
  return typeof payload === 'object' && payload !== null && (codec === json || !(payload instanceof Uint8Array));
}

/** Whether the codec is one of this library that reads `application/json` as {@link jsonIn}. */
export function readsJson(codec: Codec): boolean {
  return codec === auto || codec === json;
}

/** The payload in a text that is not empty. @throws SyntaxError */
export const jsonIn = parseJson;

/** The payload is the body. */
export const bytes: SyncCodec = {
  encode(payload: unknown): Encoded {
    if (payload === null || payload instanceof Uint8Array) return { body: payload };
    throw new TypeError(phrase('bytesNeedBytes', { type: typeof payload }));
  },
  decode: (body) => body,
};

const NOTHING = Buffer.alloc(0);

/** The body as text. A Buffer view is faster than TextDecoder where the text is parsed afterwards. */
export function textOf(body: Uint8Array): string {
  return viewOf(body).toString('utf8');
}

function viewOf(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/**
 * Decodes a body without a content type. Only text that could start JSON is parsed, since a throw for every plain text
 * would cost 5 µs per message. Only text with a replacement character can be invalid UTF-8.
 */
function guess(body: Uint8Array): unknown {
  const view = viewOf(body);
  const written = view.toString('utf8');
  if (written.includes('\ufffd') && !isUtf8(body)) return view;
  if (!/^\s*[[{"\-0-9tfn]/.test(written)) return written;
  try {
    const value = parseJson(written);
    return typeof value === 'number' && !keepsDigits(written, value) ? written : value;
  } catch (error) {
    if (error instanceof PoisonedJson) throw error;
    return written;
  }
}
