import { auto, contentTypeOf } from '../codec/index.js';
import type { Headers, Outgoing, RawHeader } from '../driver/index.js';

/** A message that a broker has confirmed. */
export interface PublishedMessage {
  /** Decoded as a handler without a codec of its own would. */
  readonly payload: unknown;
  /** Headers as text: binary values are read as UTF-8, and of repeated names the last one counts. */
  readonly headers: Headers;
  /** Headers with binary values or repeated names; absent if there are none. */
  readonly rawHeaders?: readonly RawHeader[];
  /** The key as text; a binary key is read as UTF-8. */
  readonly key?: string;
  /** The bytes of a binary key; absent for a text key. */
  readonly rawKey?: Buffer;
  /** Topic or subject. */
  readonly destination: string;
}

/** Decoded as a handler without a codec of its own would. */
export function payloadOf({ body, headers = {} }: Outgoing): unknown {
  return body === null ? null : decode(body, contentTypeOf(headers));
}

export function asPublished(message: Outgoing, destination: string): PublishedMessage {
  const { headers = {}, key, rawHeaders } = message;
  return {
    payload: payloadOf(message),
    headers: rawHeaders === undefined ? { ...headers } : { ...headers, ...texts(rawHeaders) },
    ...(key !== undefined && { key: typeof key === 'string' ? key : Buffer.from(key).toString() }),
    destination,
    ...(rawHeaders !== undefined && { rawHeaders }),
    ...(typeof key === 'object' && { rawKey: Buffer.from(key) }),
  };
}

function texts(rawHeaders: readonly RawHeader[]): Headers {
  return Object.fromEntries(rawHeaders.flatMap(([name, value]) => (value === null ? [] : [[name, value.toString()]])));
}

/** The bytes of a message that cannot be decoded, because a user's codec wrote it. */
function decode(body: Uint8Array, contentType: string | undefined): unknown {
  try {
    return auto.decode(body, contentType);
  } catch {
    return body;
  }
}
