import { type Codec, CONTENT_TYPE, type Encoded } from '../codec/index.js';
import type { DestinationSpec, Headers, Incoming, MessageContext, Outgoing } from '../driver/index.js';
import type { DeliveryContext, FieldOf, ResultItem, Route } from './binding.js';
import type { Outlet } from './delivery-host.js';
import { encodePayload, type Writing } from './encode-payload.js';
import { forwarded } from './forwarded-headers.js';
import { crossing, HOPS } from './headers.js';
import { OutgoingHeaders } from './outgoing-headers.js';
import { checkedKey, type Sender } from './text-fields.js';

/** Where an item comes from: what it takes with it. */
export interface Origin {
  readonly handler: string;
  readonly context: DeliveryContext;
  readonly incoming: Incoming;
  /** Of what is published, as the header has it. */
  readonly hops: string;
}

/** Where an item goes. */
interface Target {
  readonly to: DestinationSpec;
  readonly route: Route;
  readonly outlet: Outlet;
}

/** What an item becomes on one route. */
class Making implements Writing {
  constructor(
    readonly item: ResultItem,
    readonly target: Target,
    readonly origin: Origin,
    readonly dedupeId: string | undefined,
  ) {}

  get codec(): Codec {
    return this.route.codec ?? this.target.outlet.codec;
  }

  get route(): Route {
    return this.target.route;
  }

  get broker(): string {
    return this.route.broker;
  }

  get handler(): string {
    return this.origin.handler;
  }

  get context(): DeliveryContext {
    return this.origin.context;
  }
}

/**
 * Encodes one item for one route, once: a retry sends these bytes. A promise where the codec gives one. Throws, or
 * rejects with, MULTI_BROKER_UNENCODABLE.
 */
export function encodeItem(
  item: ResultItem,
  target: Target,
  origin: Origin,
  dedupeId?: string,
): Outgoing | Promise<Outgoing> {
  const making = new Making(item, target, origin, dedupeId);
  const encoded = encodePayload(item.payload, making);
  return encoded instanceof Promise ? encoded.then((later) => make(later, making)) : make(encoded, making);
}

function make({ body, contentType }: Encoded, making: Making): Outgoing {
  const { item, route, origin, dedupeId } = making;
  const key = item.key ?? field(route.key, item, origin) ?? (route.forward?.key === true ? keyOf(origin) : undefined);
  if (key !== undefined) checkedKey(key, senderOf(making));
  const { text, raw } = headersOf(making, contentType);
  return { body, key, headers: text, rawHeaders: raw, dedupeId, origin: origin.incoming };
}

/** A text where it is one, as most are: `rawKey` has what a text would lose. */
function keyOf({ incoming }: Origin): string | Uint8Array | undefined {
  const { key } = incoming;
  return key?.includes('\ufffd') === true ? (incoming.rawKey ?? key) : key;
}

/** The later win: what crosses by itself, what was asked to cross, the publisher's, the item's own. */
function headersOf(making: Making, contentType: string | undefined): OutgoingHeaders {
  const { item, route, origin } = making;
  const { message, textHeaders } = origin.context;
  const headers = new OutgoingHeaders(crossing(textHeaders, message.correlationId, origin.hops));
  if (contentType !== undefined) headers.text[CONTENT_TYPE] = contentType;
  const forward = route.forward?.headers;
  if (forward !== undefined && forward !== false) {
    const { text, raw } = forwarded(origin.incoming, textHeaders, forward);
    headers.assign(text);
    headers.addRaw(raw);
  }
  if (making.target.outlet.hooks?.any === true) headers.setCarried(hooked(headers, making), senderOf(making));
  if (route.headers !== undefined) headers.setCarried(field(route.headers, item, origin), senderOf(making));
  if (item.headers !== undefined) headers.setCarried(item.headers, senderOf(making));
  if (item.rawHeaders !== undefined) headers.setRaw(item.rawHeaders, senderOf(making));
  // A handler that passes on all headers of its message would hide a loop.
  if (headers.text[HOPS] !== origin.hops || headers.raw !== undefined) headers.own(HOPS, origin.hops);
  return headers;
}

/** In the async context of the handler, where a guard may have entered something. */
function hooked({ text }: OutgoingHeaders, { item, target: { to, route, outlet }, origin }: Making): Headers {
  const { context } = origin;
  const headers = { ...text, ...field(route.headers, item, origin), ...item.headers };
  const message = { broker: route.broker, destination: to.address, payload: item.payload, headers, context };
  return context.enter(() => outlet.hooks?.headersFor(message) ?? {});
}

function senderOf({ route: { broker }, origin: { handler } }: Making): Sender {
  return { broker, handler };
}

function field<T>(of: FieldOf<T> | undefined, item: ResultItem, origin: Origin): T | undefined {
  if (typeof of !== 'function') return of;
  return (of as (result: unknown, context: MessageContext) => T | undefined)(item.payload, origin.context);
}
