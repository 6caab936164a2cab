import { CONTENT_TYPE, type Encoded } from '../codec/index.js';
import type { Headers, Incoming, MessageContext, Outgoing } from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import type { DeliveryContext, FieldOf, ResultItem, Route } from './binding.js';
import type { Outlet } from './delivery-host.js';
import { crossing, forwarded, HOPS } from './headers.js';
import { type Sender, textHeaders, textKey } from './text-fields.js';

/** Where an item comes from: what it takes with it. */
export interface Origin {
  readonly handler: string;
  readonly context: DeliveryContext;
  readonly incoming: Incoming;
  /** Of what is published, as the header has it. */
  readonly hops: string;
}

/** Encodes one item for one route, once: a retry sends these bytes. Throws MULTI_BROKER_UNENCODABLE. */
export function encodeItem(
  item: ResultItem,
  route: Route,
  outlet: Outlet,
  origin: Origin,
  dedupeId?: string,
): Outgoing {
  const encoded = encode(item.payload, route, outlet, origin);
  const { message } = origin.context;
  const key = item.key ?? field(route.key, item, origin) ?? (route.forward?.key === true ? message.key : undefined);
  return {
    body: encoded.body,
    key: key === undefined ? undefined : textKey(key, senderOf(route, origin)),
    headers: headersOf(item, route, origin, encoded.contentType ?? passedOn(encoded, origin)),
    dedupeId,
    origin: origin.incoming,
  };
}

function encode(payload: unknown, route: Route, outlet: Outlet, origin: Origin): Encoded {
  try {
    return (route.codec ?? outlet.codec).encode(payload);
  } catch (thrown) {
    const what = `What ${origin.handler} returned cannot be encoded for broker '${route.broker}'`;
    const details = { broker: route.broker, handler: origin.handler, cause: asError(thrown) };
    throw new MultiBrokerError('MULTI_BROKER_UNENCODABLE', what, details);
  }
}

/** Bytes that are passed on as they came (`codec: bytes`) are still what their publisher said. */
function passedOn({ body }: Encoded, { context: { message, rawHeaders } }: Origin): string | undefined {
  return body !== null && body === message.payload ? rawHeaders[CONTENT_TYPE] : undefined;
}

/** The later win: what crosses by itself, what was asked to cross, the publisher's, the item's own. */
function headersOf(item: ResultItem, route: Route, origin: Origin, contentType: string | undefined): Headers {
  const { message, rawHeaders } = origin.context;
  const headers = crossing(rawHeaders, message.correlationId, origin.hops);
  if (contentType !== undefined) headers[CONTENT_TYPE] = contentType;
  const forward = route.forward?.headers;
  if (forward !== undefined && forward !== false) {
    Object.assign(headers, forwarded(rawHeaders, forward));
  }
  if (route.headers !== undefined) {
    Object.assign(headers, textHeaders(field(route.headers, item, origin), senderOf(route, origin)));
  }
  if (item.headers !== undefined) Object.assign(headers, textHeaders(item.headers, senderOf(route, origin)));
  // A handler that passes on all headers of its message would hide a loop.
  headers[HOPS] = origin.hops;
  return headers;
}

function senderOf({ broker }: Route, { handler }: Origin): Sender {
  return { broker, handler };
}

function field<T>(of: FieldOf<T> | undefined, item: ResultItem, origin: Origin): T | undefined {
  if (typeof of !== 'function') return of;
  return (of as (result: unknown, context: MessageContext) => T | undefined)(item.payload, origin.context);
}
