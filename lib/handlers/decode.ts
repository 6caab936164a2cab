import { type Codec, CONTENT_TYPE } from '../codec/index.js';
import type { DeliveryContext } from '../delivery/index.js';
import type { Headers } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';

/** Reads the body. An empty one is `null` for every codec. */
export function decodeBody(context: DeliveryContext, codec: Codec, handler: string): unknown {
  const { body } = context;
  if (body === null || body.byteLength === 0) return null;
  const contentType = contentTypeOf(context.rawHeaders);
  try {
    return codec.decode(body, contentType);
  } catch (error) {
    throw undecodable(context, contentType, handler, error);
  }
}

/** Other producers write `Content-Type`; the library's own spelling is looked up first. */
function contentTypeOf(headers: Headers): string | undefined {
  const exact = headers[CONTENT_TYPE];
  if (exact !== undefined) return exact;
  for (const name in headers) {
    if (name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE) return headers[name];
  }
  return undefined;
}

/** The payload stays out of the message: logs are read by others than the topic. */
function undecodable(
  context: DeliveryContext,
  contentType: string | undefined,
  handler: string,
  cause: unknown,
): MultiBrokerError {
  const broker = context.broker.name;
  const said = contentType === undefined ? 'no content type' : `content type ${JSON.stringify(contentType)}`;
  const what = `A message of ${String(context.body?.byteLength)} bytes from ${context.source} on broker '${broker}', with ${said}, cannot be decoded`;
  return new MultiBrokerError('MULTI_BROKER_UNDECODABLE', what, { broker, handler, cause, retryable: false });
}
