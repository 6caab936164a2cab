import { CONTENT_TYPE } from '../codec/index.js';
import type { Outcome, Outgoing } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { ResultItem } from './binding.js';
import type { DeliveredMessage } from './delivered-message.js';
import type { Outlet } from './delivery-host.js';
import { CORRELATION_ID, ERROR } from './headers.js';
import type { LaneOwner } from './lane-owner.js';
import { textHeaders, textKey } from './text-fields.js';

/** Answers a request with what its handler returned (nothing: an empty answer), after every publisher confirmed. */
export function answer(owner: LaneOwner, request: DeliveredMessage | undefined, item: ResultItem | undefined): void {
  if (request?.replyTo === undefined) return;
  try {
    send(owner, request.replyTo, encoded(owner, request, item));
  } catch (thrown) {
    answerFailure(owner, request, asError(thrown));
  }
}

/** Answers a request with its failure: the text, never a stack. */
export function answerFailure(owner: LaneOwner, request: DeliveredMessage | undefined, error: Error): void {
  if (request?.replyTo === undefined) return;
  // What was thrown may look like an Error and be none.
  const text: unknown = error.message;
  const headers = { ...correlation(request), [ERROR]: String(text).replace(/[\r\n]+/g, ' ') };
  send(owner, request.replyTo, { body: null, headers, origin: request.incoming });
}

function encoded(owner: LaneOwner, request: DeliveredMessage, item: ResultItem | undefined): Outgoing {
  const headers: Record<string, string> = correlation(request);
  const origin = request.incoming;
  if (item === undefined) return { body: null, headers, origin };
  const { body, contentType } = outlet(owner)?.codec.encode(item.payload) ?? { body: null };
  if (contentType !== undefined) headers[CONTENT_TYPE] = contentType;
  const { handler, broker } = owner.binding;
  const key = textKey(item.key, { handler, broker });
  return { body, key, headers: Object.assign(headers, textHeaders(item.headers, { handler, broker })), origin };
}

function correlation(request: DeliveredMessage): Record<string, string> {
  const id = request.rawHeaders[CORRELATION_ID];
  return id === undefined ? {} : { [CORRELATION_ID]: id };
}

/**
 * A reply always goes through the broker that the request came by. It is not awaited: who asked has a time-out.
 * The address came with the message, so it may be anything: a bad one must not fail the delivery.
 */
function send(owner: LaneOwner, to: string, message: Outgoing): void {
  const out = outlet(owner);
  if (out === undefined) return;
  const unsent = (error: Error): void => {
    owner.host.log.warn(`The answer of ${owner.binding.handler} was not sent: ${error.message}`);
  };
  try {
    const done = (outcome: Outcome): void => {
      if ('error' in outcome) unsent(outcome.error);
    };
    out.send(out.resolve(to), { message, persistent: false, done });
  } catch (thrown) {
    unsent(asError(thrown));
  }
}

function outlet(owner: LaneOwner): Outlet | undefined {
  return owner.host.outlet(owner.binding.broker);
}
