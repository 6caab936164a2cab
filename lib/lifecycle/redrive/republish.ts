import { headersThat, keyOf, OutgoingHeaders } from '../../delivery/index.js';
import type { Incoming, Outgoing, PublishedTo } from '../../driver/index.js';
import type { ParkedMessage } from './parked-message.js';

/**
 * The message as it was published, byte for byte. Its dedupe id is the letter's place: the stream still knows the id of
 * the message that failed, and a redrive that is killed before it settles the letter publishes once.
 */
export function republished(message: ParkedMessage, letter: Incoming, { to }: PublishedTo): Outgoing {
  const { text, raw } = headersThat(message, message.headers(), () => true);
  const headers = new OutgoingHeaders({});
  headers.assign(text);
  headers.addRaw(raw);
  return {
    body: message.body,
    key: keyOf({ incoming: message }),
    headers: headers.text,
    rawHeaders: headers.raw,
    dedupeId: to.dedupes ? `redrive/${letter.position}` : undefined,
  };
}
