import type { DestinationSpec, Headers, Outgoing, RawHeaderToWrite } from '../../driver/index.js';
import type { DeadLetterTarget } from '../binding.js';
import { keyOf } from '../encode.js';
import { CORRELATION_ID } from '../headers.js';
import type { FailedDelivery } from '../lane-context.js';
import { headersThat, OutgoingHeaders } from '../outgoing-headers.js';
import { deliveryIdOf, isKept, letterHeaders } from './letter-headers.js';

/** Headers by the option `headers` of the dead letter. */
export type OwnHeaders = Headers | readonly RawHeaderToWrite[] | undefined;

/**
 * The failed message as it came, byte for byte, with headers that say why it failed. The user's headers replace the
 * message's, and the letter's own replace both.
 */
export function letterOf(
  delivery: FailedDelivery,
  error: Error,
  { to, target, own }: { readonly to: DestinationSpec; readonly target: DeadLetterTarget; readonly own: OwnHeaders },
): Outgoing {
  const { incoming, context } = delivery;
  const sender = { broker: target.broker, handler: context.binding.handler };
  const headers = originalHeaders(delivery);
  if (isRaw(own)) headers.setRaw(own, sender);
  else headers.setCarried(own, sender);
  for (const [name, value] of Object.entries(letterHeaders(delivery, error))) headers.own(name, value);
  return {
    body: incoming.body,
    key: keyOf({ incoming }),
    headers: headers.text,
    rawHeaders: headers.raw,
    dedupeId: to.dedupes ? deliveryIdOf(delivery) : undefined,
    origin: incoming,
  };
}

/** The message's own, and the correlation id that it is known by where it has none. */
function originalHeaders({ incoming, message, context: { binding } }: FailedDelivery): OutgoingHeaders {
  const came = message?.textHeaders ?? incoming.headers();
  const { text, raw } = headersThat(incoming, came, (name) => isKept(name, binding));
  const headers = new OutgoingHeaders({});
  if (came[CORRELATION_ID] === undefined) headers.own(CORRELATION_ID, incoming.position);
  headers.assign(text);
  headers.addRaw(raw);
  return headers;
}

function isRaw(own: OwnHeaders): own is readonly RawHeaderToWrite[] {
  return Array.isArray(own);
}
