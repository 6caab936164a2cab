import { isLetterHeader, letterFieldsOf } from '../../delivery/index.js';
import { type DeadLetter, type Headers, type Incoming, rawHeadersOf } from '../../driver/index.js';

/** What a message says as a dead letter; undefined for one that is none. */
export function deadLetterOf(incoming: Incoming): DeadLetter | undefined {
  const headers = incoming.headers();
  const fields = letterFieldsOf(headers);
  if (fields === undefined) return undefined;
  const { broker = '', source = '', position = '', handler = '', binding = '', attempts, at = '' } = fields;
  return {
    location: incoming.location,
    from: { broker, source, position },
    handler,
    binding,
    error: { name: fields.error ?? '', code: fields.code, message: fields.message ?? '' },
    attempts: Number(attempts),
    at: new Date(at),
    deliveryId: fields.deliveryId ?? '',
    body: incoming.body,
    key: incoming.key,
    rawKey: incoming.rawKey,
    headers: ownHeaders(headers),
    rawHeaders: rawHeadersOf(incoming).filter(([name]) => !isLetterHeader(name)),
  };
}

function ownHeaders(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isLetterHeader(name)));
}
