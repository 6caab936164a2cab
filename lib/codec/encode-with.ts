import { isUint8Array } from 'node:util/types';
import { isThenable } from '../async/index.js';
import { phrase } from '../errors/index.js';
import { auto, bytes, json, textOf } from './auto.js';
import { type Codec, contentTypeOf, type Encoded, JSON_TYPE, mediaKind } from './codec.js';

/** Encodes a payload and checks the result, since a user's codec may return anything. Not for `null`. */
export function encodeWith(codec: Codec, payload: unknown): Encoded | Promise<Encoded> {
  if (payload === undefined) throw new TypeError(phrase('undefinedHasNoForm'));
  const encoded: unknown = codec.encode(payload);
  if (isOwnCodec(codec)) return encoded as Encoded;
  if (isEncoded(encoded)) return encoded;
  if (isThenable(encoded)) return Promise.resolve(encoded).then((later) => checked(codec, later));
  return checked(codec, encoded);
}

/** Whether it is a codec of this library, all of which are synchronous. */
export function isOwnCodec(codec: Codec): boolean {
  return codec === auto || codec === json || codec === bytes;
}

/** Name of a user's codec for error messages; undefined for those of this library. */
export function codecName(codec: Codec): string | undefined {
  if (isOwnCodec(codec)) return undefined;
  const name: unknown = (codec as { constructor?: { name?: unknown } | undefined }).constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `codec ${name}` : 'its codec';
}

function checked(codec: Codec, encoded: unknown): Encoded {
  if (isEncoded(encoded)) return encoded;
  const gave = encoded === null ? 'null' : typeof encoded;
  throw new TypeError(phrase('encodeMustReturn', { codec: codecName(codec) ?? 'the codec', gave }));
}

function isEncoded(value: unknown): value is Encoded {
  if (typeof value !== 'object' || value === null) return false;
  const { body, contentType } = value as Partial<Record<keyof Encoded, unknown>>;
  if (body !== null && !isUint8Array(body)) return false;
  return contentType === undefined || typeof contentType === 'string';
}

/** Body and headers of a received message. */
export interface Came {
  readonly body: Uint8Array | null;
  readonly textHeaders: Readonly<Record<string, string>>;
  /** It has 0 bytes, which may stand for a message without a value. */
  readonly emptyMayBeNull: boolean;
}

/**
 * Content that decoding and encoding may change: numbers with more digits than a JavaScript number has, or beyond its
 * range, and invalid UTF-8.
 */
const AT_RISK = /[0-9][0-9.]{15}|[0-9][eE][+-]?[0-9]{2}|\ufffd/;

/**
 * The received body, if its payload is passed on unchanged and would lose digits or bytes when encoded; otherwise
 * `encoded`. The encoded bodies are compared rather than the payloads' identity, because a handler may have modified the
 * payload in place.
 */
export function asItCame(encoded: Encoded, payload: unknown, codec: Codec, came: Came): Encoded {
  if ((codec !== auto && codec !== json) || payload instanceof Uint8Array) return encoded;
  const { body } = came;
  if (body === null) return encoded;
  if (encoded.body === null) return body.length === 0 && !came.emptyMayBeNull ? { body } : encoded;
  if (Buffer.compare(body, encoded.body) === 0) return encoded;
  const text = textOf(body);
  if (!AT_RISK.test(text)) return encoded;
  const contentType = contentTypeOf(came.textHeaders);
  const kind = contentType === undefined ? undefined : mediaKind(contentType);
  if (encoded.contentType !== JSON_TYPE) return kind === 'text' && text === payload ? { body, contentType } : encoded;
  if (reencoded(text) !== textOf(encoded.body)) return encoded;
  return { body, contentType: kind === 'json' ? contentType : encoded.contentType };
}

function reencoded(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
