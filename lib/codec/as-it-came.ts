import { auto, json, textOf } from './auto.js';
import type { Codec, Encoded } from './codec.js';
import { contentTypeOf, JSON_TYPE, mediaKind } from './content-type.js';

/** What a message came with. */
export interface Came {
  readonly body: Uint8Array | null;
  readonly textHeaders: Readonly<Record<string, string>>;
  /** It has 0 bytes, and whoever wrote it may have meant a message without a value. */
  readonly emptyMayBeNull: boolean;
}

/**
 * What reading and writing anew may change of a JSON text or a text: numbers of more digits than a JavaScript number has,
 * or beyond its range, and what is no UTF-8.
 */
const AT_RISK = /[0-9][0-9.]{15}|[0-9][eE][+-]?[0-9]{2}|\ufffd/;

/**
 * The body as it came, where the payload that was read from it is passed on unchanged and would lose digits or bytes by
 * being written anew. That it is the same value says nothing (a handler may have changed it in place), so what the body
 * would be is compared.
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
  if (writtenAnew(text) !== textOf(encoded.body)) return encoded;
  return { body, contentType: kind === 'json' ? contentType : encoded.contentType };
}

function writtenAnew(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
