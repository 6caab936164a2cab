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
import { checkedKey, OutgoingHeaders } from '../delivery/index.js';
import {
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
  const encoded = encode(by.broker, options.codec ?? by.codec, item === undefined ? given : item.payload);
  if (!(encoded instanceof Promise)) return outgoingOf(encoded, item, options, by);
  return encoded.then((written) => outgoingOf(written, item, options, by));
}

function outgoingOf(
  { body, contentType }: Encoded,
  item: OutgoingMessage | undefined,
  options: PublishOptions,
  { broker, origin }: Publisher,
): Outgoing {
  const headers = new OutgoingHeaders({});
  if (options.headers !== undefined) headers.set(options.headers, { broker });
  if (options.rawHeaders !== undefined) headers.setRaw(options.rawHeaders, { broker });
  if (item?.headers !== undefined) headers.set(item.headers, { broker });
  if (item?.rawHeaders !== undefined) headers.setRaw(item.rawHeaders, { broker });
  const own = contentTypeOf(headers.text);
  if (own === undefined && contentType !== undefined) headers.text[CONTENT_TYPE] = contentType;
  if (own !== undefined && contentType === TEXT && body !== null) refuseMislabelled(body, own, broker);
  const key = item?.key ?? options.key;
  if (key !== undefined) checkedKey(key, { broker });
  return { body, key, headers: headers.text, rawHeaders: headers.raw, origin };
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
