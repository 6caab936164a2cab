import {
  asItCame,
  type Codec,
  codecName,
  CONTENT_TYPE,
  contentTypeOf,
  type Encoded,
  encodeWith,
  jsonText,
  writesJson,
} from '../codec/index.js';
import {
  type DestinationSpec,
  type Headers,
  type Incoming,
  JsonMessage,
  type MessageContext,
  type Outgoing,
} from '../driver/index.js';
import { asError, errorOf, type MultiBrokerError } from '../errors/index.js';
import type { Binding, DeliveryContext, ResultItem, Route, ValueOrFunction } from './binding.js';
import type { Outlet } from './delivery-host.js';
import { checkedKey, type Sender } from './field-checks.js';
import { correlationIdOf, crossing, HOPS, isPrintable, isUntraced } from './headers.js';
import { forwarded, OutgoingHeaders } from './outgoing-headers.js';

/** The message and the handler that an item comes from. */
export interface Origin {
  readonly handler: string;
  readonly context: DeliveryContext;
  readonly incoming: Incoming;
  readonly binding: Pick<Binding, 'serverHeaders'>;
  /** Hop count of the published message, as its header has it. */
  readonly hops: string;
}

/** The route of an item. */
interface Target {
  readonly to: DestinationSpec;
  readonly route: Route;
  readonly outlet: Outlet;
  /** That of the user. */
  readonly dedupeId: string | undefined;
  /** What follows the message's id in delivery's own dedupe id; undefined: there is none. */
  readonly publisher: string | undefined;
}

/** One item on its way to become a message of one route. */
class Making implements Writing {
  readonly codec: Codec;
  readonly route: Route;
  readonly context: DeliveryContext;

  constructor(
    readonly item: ResultItem,
    /** That of the item, or what a schema made of it. */
    readonly payload: unknown,
    readonly target: Target,
    readonly origin: Origin,
  ) {
    this.route = target.route;
    this.codec = target.route.codec ?? target.outlet.codec;
    this.context = origin.context;
  }

  get broker(): string {
    return this.route.broker;
  }

  get handler(): string {
    return this.origin.handler;
  }
}

/**
 * Encodes the payload of one item for one route, once: a retry sends these bytes. A promise where the codec gives one. Throws, or
 * rejects with, MULTI_BROKER_UNENCODABLE.
 */
export function encodeItem(
  item: ResultItem,
  payload: unknown,
  target: Target,
  origin: Origin,
): Outgoing | Promise<Outgoing> {
  if (isPlain(item, payload, target, origin)) return jsonMessage(payload, target, origin);
  const making = new Making(item, payload, target, origin);
  const encoded = encodePayload(payload, making);
  return encoded instanceof Promise ? encoded.then((later) => make(later, making)) : make(encoded, making);
}

/** JSON of a payload that is not passed on as it came, with the headers that every result has. */
function isPlain(item: ResultItem, payload: unknown, { route, outlet, dedupeId }: Target, origin: Origin): boolean {
  if (dedupeId !== undefined || outlet.hooks?.any === true) return false;
  if (item.key !== undefined || item.headers !== undefined || item.rawHeaders !== undefined) return false;
  if (route.key !== undefined || route.headers !== undefined || route.forward !== undefined) return false;
  const { message, textHeaders } = origin.context;
  return writesJson(route.codec ?? outlet.codec, payload) && payload !== message.payload && isUntraced(textHeaders);
}

function jsonMessage(payload: unknown, { route, outlet, publisher }: Target, origin: Origin): JsonMessage {
  const { handler, hops, incoming, context } = origin;
  try {
    return new JsonMessage(jsonText(payload), incoming, publisher, hops, correlationIdOf(context.textHeaders));
  } catch (thrown) {
    throw unencodable(thrown, { codec: route.codec ?? outlet.codec, broker: route.broker, handler, context });
  }
}

function make({ body, contentType }: Encoded, making: Making): Outgoing {
  const { item, route, origin, target } = making;
  const { publisher } = target;
  const dedupeId = publisher === undefined ? target.dedupeId : `${origin.context.message.id}${publisher}`;
  const own = item.key ?? (route.key === undefined ? undefined : field(route.key, item, origin));
  const key = own ?? (route.forward?.key === true ? keyOf(origin) : undefined);
  if (key !== undefined) checkedKey(key, senderOf(making));
  const { text, raw } = headersOf(making, contentType);
  return { body, key, headers: text, rawHeaders: raw, dedupeId, origin: origin.incoming };
}

/** Text where it is valid UTF-8, as most keys are; otherwise the bytes, which text would lose. */
export function keyOf({ incoming }: Pick<Origin, 'incoming'>): string | Uint8Array | undefined {
  const { key } = incoming;
  return key?.includes('\ufffd') === true ? (incoming.rawKey ?? key) : key;
}

/** Later ones win: headers that always cross, those that were asked to cross, the publisher's, the item's own. */
function headersOf(making: Making, contentType: string | undefined): OutgoingHeaders {
  const { item, route, origin } = making;
  const { message, textHeaders } = origin.context;
  const headers = new OutgoingHeaders(crossing(textHeaders, message.correlationId, origin.hops));
  if (contentType !== undefined) headers.text[CONTENT_TYPE] = contentType;
  const forward = route.forward?.headers;
  if (forward !== undefined && forward !== false) {
    const { text, raw } = forwarded(origin, textHeaders, forward);
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
function hooked({ text }: OutgoingHeaders, { item, payload, target: { to, route, outlet }, origin }: Making): Headers {
  const { context } = origin;
  const headers = { ...text, ...field(route.headers, item, origin), ...item.headers };
  const message = { broker: route.broker, destination: to.address, payload, headers, context };
  return context.enter(() => outlet.hooks?.headersFor(message) ?? {});
}

function senderOf({ route: { broker }, origin: { handler } }: Making): Sender {
  return { broker, handler };
}

/** The functions of a publisher get what the handler returned, whatever a schema makes of it. */
export function field<T>(
  of: ValueOrFunction<T> | undefined,
  item: ResultItem,
  origin: Pick<Origin, 'context'>,
): T | undefined {
  if (typeof of !== 'function') return of;
  return (of as (result: unknown, context: MessageContext) => T | undefined)(item.payload, origin.context);
}

/** The writer of a payload, its target, and the message that it was made from. */
export interface Writing {
  readonly codec: Codec;
  readonly broker: string;
  readonly handler: string;
  /** The delivery whose handler gave the payload. */
  readonly context: DeliveryContext | undefined;
}

/** A handler's payload as bytes. Throws, or rejects with, MULTI_BROKER_UNENCODABLE. */
export function encodePayload(payload: unknown, writing: Writing): Encoded | Promise<Encoded> {
  try {
    const encoded = encodeWith(writing.codec, payload);
    if (!(encoded instanceof Promise)) return passedOn(encoded, payload, writing);
    return encoded.then(
      (later) => passedOn(later, payload, writing),
      (thrown: unknown) => {
        throw unencodable(thrown, writing);
      },
    );
  } catch (thrown) {
    throw unencodable(thrown, writing);
  }
}

/** A payload that is passed on as it came keeps its bytes and its content type. */
function passedOn(encoded: Encoded, payload: unknown, { codec, context }: Writing): Encoded {
  if (context === undefined || payload !== context.message.payload) return encoded;
  const { body, contentType } = asItCame(encoded, payload, codec, context);
  if (body === null || contentType !== undefined) return { body, contentType };
  return { body, contentType: typeAsItCame(body, context) };
}

/** The content type of the message, where these are its bytes: as the payload, or in place of its encoding. */
export function typeAsItCame(
  body: Uint8Array,
  { message, body: bytes, textHeaders }: DeliveryContext,
): string | undefined {
  if (body !== message.payload && body !== bytes) return undefined;
  const came = contentTypeOf(textHeaders);
  return came !== undefined && isPrintable(came) ? came : undefined;
}

export function unencodable(thrown: unknown, { codec, broker, handler }: Writing): MultiBrokerError {
  const name = codecName(codec);
  const details = { cause: asError(thrown), retryable: isPassing(thrown) };
  return name === undefined
    ? errorOf('MULTI_BROKER_UNENCODABLE.returned', { handler, broker }, details)
    : errorOf('MULTI_BROKER_UNENCODABLE.returnedByCodec', { handler, codec: name, broker }, details);
}

/** An error that says of itself that a retry may succeed, such as that of a registry that cannot be reached. */
export function isPassing(thrown: unknown): boolean {
  return (thrown as { readonly retryable?: unknown } | null | undefined)?.retryable === true;
}
