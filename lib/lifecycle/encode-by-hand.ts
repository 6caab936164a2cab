import {
  type Codec,
  CONTENT_TYPE,
  codecName,
  contentTypeOf,
  type Encoded,
  encodeWith,
  json,
  mediaKind,
  TEXT,
} from '../codec/index.js';
import {
  checkedKey,
  crossing,
  type DeliveryContext,
  handledNow,
  HOPS,
  hopsOf,
  OutgoingHeaders,
  type PublishHooks,
} from '../delivery/index.js';
import {
  type DestinationSpec,
  type Headers,
  type Incoming,
  isOutgoingMessage,
  type Outgoing,
  type OutgoingMessage,
  type PublishOptions,
} from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';

/** Who publishes: a broker, within the handler of `origin` where a test can tell. */
export interface Publisher {
  readonly broker: string;
  readonly codec: Codec;
  readonly to: DestinationSpec;
  readonly hooks: PublishHooks;
  readonly maxHops: () => number;
  readonly origin?: Incoming | undefined;
}

const NO_OPTIONS: PublishOptions = {};

/**
 * Encodes what `broker.publish()` was given; a promise where the codec gives one. An `outgoing()` has fields of its own,
 * which win.
 */
export function encodeByHand(by: Publisher, given: unknown, options = NO_OPTIONS): Outgoing | Promise<Outgoing> {
  if (options.dedupeId !== undefined) throw unsupported(by.broker);
  const item = isOutgoingMessage(given) ? given : undefined;
  const payload = item === undefined ? given : item.payload;
  const encoded = encode(by.broker, options.codec ?? by.codec, payload);
  // Now: while a codec waits, the handler may be over.
  const headers = headersOf(by, payload, item, options);
  if (!(encoded instanceof Promise)) return outgoingOf(encoded, headers, item, options, by);
  return encoded.then((written) => outgoingOf(written, headers, item, options, by));
}

function outgoingOf(
  { body, contentType }: Encoded,
  headers: OutgoingHeaders,
  item: OutgoingMessage | undefined,
  options: PublishOptions,
  { broker, origin }: Publisher,
): Outgoing {
  const own = contentTypeOf(headers.text);
  if (own === undefined && contentType !== undefined) headers.text[CONTENT_TYPE] = contentType;
  if (own !== undefined && contentType === TEXT && body !== null) refuseMislabelled(body, own, broker);
  const key = item?.key ?? options.key;
  if (key !== undefined) checkedKey(key, { broker });
  return { body, key, headers: headers.text, rawHeaders: headers.raw, origin };
}

/** The later win: what crosses from the message that is handled, the application's hooks, the publisher's, the item's. */
function headersOf(
  by: Publisher,
  payload: unknown,
  item: OutgoingMessage | undefined,
  options: PublishOptions,
): OutgoingHeaders {
  const sender = { broker: by.broker };
  const context = options.correlate === false ? undefined : handledNow();
  const hops = context && String(passedOn(context, by));
  const headers = new OutgoingHeaders(
    context && hops !== undefined ? crossing(context.textHeaders, context.message.correlationId, hops) : {},
  );
  if (by.hooks.any) headers.set(hooked(by, payload, { ...headers.text, ...options.headers, ...item?.headers }), sender);
  if (options.headers !== undefined) headers.set(options.headers, sender);
  if (options.rawHeaders !== undefined) headers.setRaw(options.rawHeaders, sender);
  if (item?.headers !== undefined) headers.set(item.headers, sender);
  if (item?.rawHeaders !== undefined) headers.setRaw(item.rawHeaders, sender);
  // A handler that passes on all headers of its message would hide a loop.
  if (hops !== undefined) headers.own(HOPS, hops);
  return headers;
}

function hooked({ broker, to, hooks }: Publisher, payload: unknown, headers: Headers): Headers {
  return hooks.headersFor({ broker, destination: to.address, payload, headers, context: handledNow() });
}

/** How often it is passed on then. Throws MULTI_BROKER_HOP_LIMIT: nobody calls who publishes by hand a publisher. */
function passedOn(context: DeliveryContext, { broker, to, maxHops }: Publisher): number {
  const hops = hopsOf(context.textHeaders);
  if (hops < maxHops()) return hops + 1;
  const what = `The message that is being handled was passed on ${String(hops)} times; nothing of it is published to ${to.name} on broker '${broker}'`;
  throw new MultiBrokerError('MULTI_BROKER_HOP_LIMIT', what, { broker });
}

/** A text may be JSON already; one that is none would hold every reader who goes by the content type. */
function refuseMislabelled(body: Uint8Array, contentType: string, broker: string): void {
  if (mediaKind(contentType) !== 'json') return;
  try {
    json.decode(body, contentType);
  } catch {
    const what = `What was published on broker '${broker}' is a text that is no JSON, though its content type says so`;
    throw new MultiBrokerError('MULTI_BROKER_UNENCODABLE', what, { broker });
  }
}

function encode(broker: string, codec: Codec, payload: unknown): Encoded | Promise<Encoded> {
  try {
    const encoded = encodeWith(codec, payload);
    if (!(encoded instanceof Promise)) return encoded;
    return encoded.catch((thrown: unknown) => {
      throw unencodable(broker, codec, thrown);
    });
  } catch (thrown) {
    throw unencodable(broker, codec, thrown);
  }
}

function unencodable(broker: string, codec: Codec, thrown: unknown): MultiBrokerError {
  const name = codecName(codec);
  const by = name === undefined ? '' : ` by ${name}`;
  const what = `What was published on broker '${broker}' cannot be encoded${by}`;
  return new MultiBrokerError('MULTI_BROKER_UNENCODABLE', what, { broker, cause: asError(thrown) });
}

function unsupported(broker: string): MultiBrokerError {
  const what = "publish(): the option 'dedupeId' is not offered";
  return new MultiBrokerError('MULTI_BROKER_OPTION_UNSUPPORTED', what, { broker });
}
