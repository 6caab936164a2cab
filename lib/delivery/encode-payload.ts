import { asItCame, type Codec, codecName, contentTypeOf, type Encoded, encodeWith } from '../codec/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import type { DeliveryContext } from './binding.js';
import { isPrintable } from './headers.js';

/** Who writes a payload, where to, and what it was made from. */
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

/** What is passed on as it came keeps its bytes, and is still what its publisher said. */
function passedOn(encoded: Encoded, payload: unknown, { codec, context }: Writing): Encoded {
  if (context === undefined || payload !== context.message.payload) return encoded;
  const { body, contentType } = asItCame(encoded, payload, codec, context);
  if (body === null || contentType !== undefined || !isOf(context, body)) return { body, contentType };
  const came = contentTypeOf(context.textHeaders);
  return { body, contentType: came !== undefined && isPrintable(came) ? came : undefined };
}

/** The bytes that came: as the payload, or in place of what it would be written as. */
function isOf({ message, body: came }: DeliveryContext, body: Uint8Array): boolean {
  return body === message.payload || body === came;
}

function unencodable(thrown: unknown, { codec, broker, handler }: Writing): MultiBrokerError {
  const name = codecName(codec);
  const by = name === undefined ? '' : ` by ${name}`;
  const what = `What ${handler} returned cannot be encoded${by} for broker '${broker}'`;
  const cause = asError(thrown);
  return new MultiBrokerError('MULTI_BROKER_UNENCODABLE', what, {
    broker,
    handler,
    cause,
    retryable: isPassing(thrown),
  });
}

/** Whoever failed says that it may succeed later, as a registry that cannot be reached. */
export function isPassing(thrown: unknown): boolean {
  return (thrown as { readonly retryable?: unknown } | null | undefined)?.retryable === true;
}
