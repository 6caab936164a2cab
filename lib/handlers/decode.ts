import { type Codec, codecName, contentTypeOf, isOwnCodec } from '../codec/index.js';
import type { DeliveryContext } from '../delivery/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { isThenable } from './thenable.js';

/** Reads the body; a promise where the codec gives one. A message without a value is `null` for every codec. */
export function decodeBody(context: DeliveryContext, codec: Codec, handler: string): unknown {
  const { body } = context;
  if (body === null) return null;
  const contentType = contentTypeOf(context.textHeaders);
  try {
    const payload =
      context.emptyMayBeNull && codec.decodeEmpty !== undefined
        ? codec.decodeEmpty(contentType)
        : codec.decode(body, contentType);
    if (isOwnCodec(codec) || !isThenable(payload)) return payload;
    return Promise.resolve(payload).catch((thrown: unknown) => {
      throw undecodable(context, codec, handler, thrown);
    });
  } catch (error) {
    throw undecodable(context, codec, handler, error);
  }
}

/** The payload stays out of the message: logs are read by others than the topic. */
function undecodable(context: DeliveryContext, codec: Codec, handler: string, cause: unknown): MultiBrokerError {
  const broker = context.broker.name;
  const contentType = contentTypeOf(context.textHeaders);
  const said = contentType === undefined ? 'no content type' : `content type ${JSON.stringify(contentType)}`;
  const name = codecName(codec);
  const by = name === undefined ? '' : ` by ${name}`;
  const what = `A message of ${String(context.body?.byteLength)} bytes from ${context.source} on broker '${broker}', with ${said}, cannot be decoded${by}`;
  return new MultiBrokerError('MULTI_BROKER_UNDECODABLE', what, {
    broker,
    handler,
    cause,
    retryable: isPassing(cause),
  });
}

/** A registry that cannot be reached may say so by an error of its own. */
function isPassing(thrown: unknown): boolean {
  return (thrown as { readonly retryable?: unknown } | null | undefined)?.retryable === true;
}
