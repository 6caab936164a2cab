import { isUint8Array } from 'node:util/types';
import { CONTENT_TYPE, type ReplyAddress, type ReplyMessage, type RequestMessage } from '../codec/index.js';
import type { Headers, Outgoing } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { Binding } from './binding.js';
import type { DeliveredMessage } from './delivery-context.js';
import { refusedType, textHeaders } from './field-checks.js';
import { CORRELATION_ID, correlationIdOf } from './headers.js';

/** The handler whose codec has the format. */
type By = Pick<Binding, 'handler' | 'broker'>;

/** A request as a reply format sees it. */
export function asked({ incoming, textHeaders: headers, replyTo }: DeliveredMessage): RequestMessage {
  return { body: incoming.body, headers, replyTo };
}

export function correlation(request: DeliveredMessage): Record<string, string> {
  const id = correlationIdOf(request.textHeaders);
  return id === undefined ? {} : { [CORRELATION_ID]: id };
}

/** What `replyTo()` has given: a promise would be no address, and the answer would be lost. */
export function checkedAddress(given: unknown, by: By): ReplyAddress | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof (given as Partial<ReplyAddress>).to === 'string') return given as ReplyAddress;
  throw wrong('replyTo', '{ to }, or undefined for no request', given, by);
}

/** What `answer()` or `failure()` has given, as a message. Of a promise the body would be undefined. */
export function written(
  method: 'answer' | 'failure',
  { request, given, own, by }: { request: DeliveredMessage; given: unknown; own?: Headers | undefined; by: By },
): Outgoing {
  if (!isReply(given)) throw wrong(method, '{ body: Uint8Array | null }', given, by);
  const { body, contentType, headers } = given;
  const all = Object.assign(correlation(request), textHeaders(own, by), textHeaders(headers, by));
  if (contentType !== undefined) all[CONTENT_TYPE] = contentType;
  return { body, headers: all, origin: request.incoming };
}

function isReply(given: unknown): given is ReplyMessage {
  const { body } = (given ?? {}) as { readonly body?: unknown };
  return body === null || isUint8Array(body);
}

function wrong(method: string, expected: string, given: unknown, { handler, broker }: By): Error {
  const params = { method, handler, expected, given: refusedType(given) };
  return errorOf('MULTI_BROKER_OPTION_INVALID.replyFormat', params, { handler, broker });
}
