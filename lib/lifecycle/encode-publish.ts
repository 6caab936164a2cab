import { abandonWithin, isThenable } from '../async/index.js';
import {
  type Codec,
  codecName,
  CONTENT_TYPE,
  contentTypeOf,
  type Encoded,
  encodeWith,
  json,
  mediaKind,
  TEXT,
} from '../codec/index.js';
import {
  type Binding,
  checkedDedupeId,
  checkedKey,
  crossing,
  type DeliveryContext,
  handledNow,
  HOPS,
  hopsOf,
  OutgoingHeaders,
  type Outlet,
  type PublishHooks,
  type Route,
} from '../delivery/index.js';
import {
  type BrokerDefinition,
  type Destination,
  type DestinationSpec,
  type Headers,
  type Incoming,
  isOutgoingMessage,
  type Outgoing,
  type OutgoingMessage,
  type PublishOptions,
} from '../driver/index.js';
import { asError, errorOf, type MultiBrokerError } from '../errors/index.js';
import { validated } from '../handlers/index.js';
import { parkingPlace } from './dead-letter-check.js';

/** The publishing side of one `publish()`; in tests `origin` names the message whose handler publishes. */
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
 * Validates and encodes the arguments of `broker.publish()`. Returns a promise only if the schema or the codec does. The
 * fields of an `outgoing()` take precedence over the options.
 */
export function encodePublish(
  by: Publisher,
  given: unknown,
  optional?: PublishOptions | null,
): Outgoing | Promise<Outgoing> {
  const options = optional ?? NO_OPTIONS;
  const item = isOutgoingMessage(given) ? given : undefined;
  const payload = item === undefined ? given : item.payload;
  const encoded = encodeValid(payload, options, by);
  if (!(encoded instanceof Promise))
    return outgoingOf(encoded, headersOf(by, payload, item, options), item, options, by);
  // Read at once: by the time an asynchronous codec is done, the handler may have returned. What this throws must not be
  // thrown, which would leave the promise of the payload to nobody.
  const headers = (async () => headersOf(by, payload, item, options))();
  return Promise.all([encoded, headers]).then(([written, read]) => outgoingOf(written, read, item, options, by));
}

/** The same. Of what is refused at once no promise is left to nobody. */
export function encodedOrAbandoned(
  by: Publisher,
  given: unknown,
  options?: PublishOptions | null,
): Outgoing | Promise<Outgoing> {
  try {
    return encodePublish(by, given, options);
  } catch (thrown) {
    abandonItems([given, options?.key, options?.headers]);
    throw thrown;
  }
}

/** For items of which one is refused: the others may be promises, or hold some. */
export function abandonItems(items: readonly unknown[]): void {
  abandonWithin(items.map((item) => (isOutgoingMessage(item) ? { ...item } : item)));
}

function encodeValid(
  payload: unknown,
  { schema, codec: own }: PublishOptions,
  { broker, codec, to }: Publisher,
): Encoded | Promise<Encoded> {
  if (schema === undefined) return encode(broker, own ?? codec, payload);
  const valid = validated(schema, payload, (issues) => {
    const params = { destination: to.name, broker, issues };
    return errorOf('MULTI_BROKER_SCHEMA_INVALID.published', params, { retryable: false });
  });
  return isThenable(valid)
    ? Promise.resolve(valid).then((later) => encode(broker, own ?? codec, later))
    : encode(broker, own ?? codec, valid);
}

function outgoingOf(
  { body, contentType }: Encoded,
  headers: OutgoingHeaders,
  item: OutgoingMessage | undefined,
  options: PublishOptions,
  { broker, to, origin }: Publisher,
): Outgoing {
  const own = contentTypeOf(headers.text);
  if (own === undefined && contentType !== undefined) headers.text[CONTENT_TYPE] = contentType;
  if (own !== undefined && contentType === TEXT && body !== null) refuseMislabelled(body, own, broker);
  const key = item?.key ?? options.key;
  if (key !== undefined) checkedKey(key, { broker });
  const dedupeId = checkedDedupeId(options.dedupeId, to, { broker });
  return { body, key, headers: headers.text, rawHeaders: headers.raw, dedupeId, origin };
}

/** In ascending precedence: headers of the handled message, the application's hooks, the options, the item. */
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
  // Written last: a handler that forwards all headers of its message must not reset the count and hide a loop.
  if (hops !== undefined) headers.own(HOPS, hops);
  return headers;
}

function hooked({ broker, to, hooks }: Publisher, payload: unknown, headers: Headers): Headers {
  return hooks.headersFor({ broker, destination: to.address, payload, headers, context: handledNow() });
}

/** The hop count of the new message. @throws MultiBrokerError MULTI_BROKER_HOP_LIMIT */
function passedOn(context: DeliveryContext, { broker, to, maxHops }: Publisher): number {
  const hops = hopsOf(context.textHeaders);
  if (hops < maxHops()) return hops + 1;
  throw errorOf('MULTI_BROKER_HOP_LIMIT.published', { hops, destination: to.name, broker });
}

/** A text may be JSON already. If it is not, a JSON content type would block every consumer that relies on it. */
function refuseMislabelled(body: Uint8Array, contentType: string, broker: string): void {
  if (mediaKind(contentType) !== 'json') return;
  try {
    json.decode(body, contentType);
  } catch {
    throw errorOf('MULTI_BROKER_UNENCODABLE.noJson', { broker });
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
  const details = { cause: asError(thrown) };
  return name === undefined
    ? errorOf('MULTI_BROKER_UNENCODABLE.published', { broker }, details)
    : errorOf('MULTI_BROKER_UNENCODABLE.publishedByCodec', { broker, codec: name }, details);
}

/** Plain JavaScript may give anything. */
export function requireList(broker: string, items: unknown): void {
  if (Array.isArray(items)) return;
  throw errorOf('MULTI_BROKER_OPTION_INVALID.publishedBatch', { broker, type: items === null ? 'null' : typeof items });
}

/** With one id, all messages of a batch but the first would be dropped as duplicates. */
export function refuseSharedDedupeId(broker: string, { length }: readonly unknown[], options?: PublishOptions): void {
  if (options?.dedupeId === undefined || length < 2) return;
  throw errorOf('MULTI_BROKER_OPTION_UNSUPPORTED.sharedDedupeId', { broker, count: length });
}

/** Limit of the cache: subjects may be built from data, so their number has no bound. */
const MOST = 1_000;

/** The destination of one message: of a path, with its placeholders filled in by hand. */
export function filled(to: DestinationSpec, given: unknown, options?: PublishOptions): DestinationSpec {
  if (to.fill === undefined) return to;
  return to.fill({ ...options?.params, ...(isOutgoingMessage(given) ? given.params : undefined) });
}

/** Destinations of one broker, resolved once per name. */
export class Destinations {
  private readonly known = new Map<string | Destination, DestinationSpec>();

  constructor(private readonly definition: BrokerDefinition) {}

  /** @throws MultiBrokerError if it is not a destination of this broker. */
  readonly resolve = (to: string | Destination): DestinationSpec => {
    const known = this.known.get(to);
    if (known !== undefined) return known;
    const spec = this.definition.destination(to);
    if (this.known.size >= MOST) this.known.clear();
    this.known.set(to, spec);
    return spec;
  };

  /** At an address of the server, most of which are used once. @throws MultiBrokerError as {@link resolve} does */
  readonly at = (address: string): DestinationSpec =>
    this.definition.at?.(address) ?? this.definition.destination(address);
}

/** The log line of a subscribed handler, in the form in which Nest's router logs a route. */
export function subscribedLine(binding: Binding, outlet: (broker: string) => Outlet | undefined): string {
  const { broker, handler, source, routes } = binding;
  const targets = routes.map((route) => `${route.broker}/${addressOf(route, outlet(route.broker))}`);
  const to = targets.length === 0 ? '' : ` → ${targets.join(', ')}`;
  const sharedBy = source.sharedBy === undefined ? '' : ` (${source.sharedBy})`;
  return `Subscribed {${broker}/${source.address}} ${handler}${to}${sharedBy}${parkingPlace(binding, outlet)}`;
}

/** The address as written while the target broker does not exist yet. */
function addressOf({ destination }: Route, outlet: Outlet | undefined): string {
  if (outlet !== undefined) return outlet.resolve(destination).address;
  return typeof destination === 'string' ? destination : destination.kind;
}
