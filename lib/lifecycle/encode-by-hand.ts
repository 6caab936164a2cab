import { type Codec, CONTENT_TYPE, type Encoded } from '../codec/index.js';
import { textHeaders, textKey } from '../delivery/index.js';
import { type Incoming, isOutgoingMessage, type Outgoing, type PublishOptions } from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';

/** Who publishes: a broker, within the handler of `origin` where a test can tell. */
export interface Publisher {
  readonly broker: string;
  readonly codec: Codec;
  readonly origin?: Incoming | undefined;
}

const NO_OPTIONS: PublishOptions = {};

/** Encodes what `broker.publish()` was given. An `outgoing()` has fields of its own, which win. */
export function encodeByHand({ broker, codec, origin }: Publisher, given: unknown, options = NO_OPTIONS): Outgoing {
  if (options.dedupeId !== undefined) throw unsupported(broker);
  const item = isOutgoingMessage(given) ? given : undefined;
  const encoded = encode(broker, options.codec ?? codec, item === undefined ? given : item.payload);
  // Object.assign, as on Node 20 each object made by a spread has a hidden class of its own.
  const headers: Record<string, string> = {};
  if (options.headers !== undefined) Object.assign(headers, textHeaders(options.headers, { broker }));
  if (item?.headers !== undefined) Object.assign(headers, textHeaders(item.headers, { broker }));
  if (encoded.contentType !== undefined) headers[CONTENT_TYPE] ??= encoded.contentType;
  return { body: encoded.body, key: textKey(item?.key ?? options.key, { broker }), headers, origin };
}

function encode(broker: string, codec: Codec, payload: unknown): Encoded {
  try {
    return codec.encode(payload === undefined ? null : payload);
  } catch (thrown) {
    const what = `What was published on broker '${broker}' cannot be encoded`;
    throw new MultiBrokerError('MULTI_BROKER_UNENCODABLE', what, { broker, cause: asError(thrown) });
  }
}

function unsupported(broker: string): MultiBrokerError {
  const what = "publish(): the option 'dedupeId' is not offered";
  return new MultiBrokerError('MULTI_BROKER_OPTION_UNSUPPORTED', what, { broker });
}
