import type { Codec } from '../codec/index.js';
import { contentTypeOf } from '../codec/index.js';
import { DeliveredMessage, ERROR } from '../delivery/index.js';
import type { BrokerMessage, Clock, DestinationSpec, Driver, Headers, Incoming, Outgoing } from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import { Deadline, untilAborted } from './deadline.js';

/** Who asks, and how. */
export interface Asking {
  readonly broker: string;
  readonly kind: string;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly timeoutMs: number;
}

/** Sends a request and reads its answer. */
export async function ask<R>(
  driver: Driver,
  to: DestinationSpec,
  message: Outgoing,
  by: Asking,
): Promise<BrokerMessage<R>> {
  if (driver.request === undefined) throw unsupported(by);
  const deadline = new Deadline(by.clock, by.timeoutMs, () => late(to, by), `answer of ${to.name}`);
  try {
    const answer = await untilAborted(driver.request(to, message, deadline.signal), deadline.signal);
    return (await read(answer, to, by)) as BrokerMessage<R>;
  } finally {
    deadline.clear();
  }
}

/** What writes a request: what the asker chose, else the broker's; a format of replies has a form for requests. */
export function requestCodec(codec: Codec, { address }: DestinationSpec): Codec {
  const { replies } = codec;
  return replies === undefined ? codec : { ...codec, encode: (payload) => replies.request(payload, address) };
}

/** Why a kind refuses `request()`. Nothing was sent. */
function unsupported({ broker, kind }: Pick<Asking, 'broker' | 'kind'>): MultiBrokerError {
  const what = `Broker '${broker}' is of kind '${kind}', which has no request/reply: an answer by a topic would be handled by any member of a group`;
  return new MultiBrokerError('MULTI_BROKER_REQUEST_UNSUPPORTED', what, { broker });
}

async function read(answer: Incoming, to: DestinationSpec, by: Asking): Promise<BrokerMessage> {
  const message = new DeliveredMessage(answer, 1);
  const { failure, payload } = await answerOf(answer, message.textHeaders, to, by);
  if (failure !== undefined) {
    const what = `The request to ${to.name} on broker '${by.broker}' failed: ${failure}`;
    throw new MultiBrokerError('MULTI_BROKER_REQUEST_FAILED', what, { broker: by.broker });
  }
  message.payload = payload;
  return message;
}

interface Read {
  readonly failure?: string;
  readonly payload?: unknown;
}

async function answerOf(
  answer: Incoming,
  headers: Headers,
  to: DestinationSpec,
  { codec, broker }: Asking,
): Promise<Read> {
  const failure = headers[ERROR];
  if (failure !== undefined) return { failure };
  const { body } = answer;
  try {
    if (codec.replies !== undefined) return codec.replies.read({ body: body?.length === 0 ? null : body, headers });
    return { payload: await decode(answer, contentTypeOf(headers), codec) };
  } catch (thrown) {
    const what = `The answer of ${to.name} on broker '${broker}' cannot be decoded`;
    throw new MultiBrokerError('MULTI_BROKER_UNDECODABLE', what, { broker, cause: asError(thrown) });
  }
}

/** An answer without a value is `null` for every codec. */
function decode({ body, emptyMayBeNull }: Incoming, contentType: string | undefined, codec: Codec): unknown {
  if (body === null) return null;
  if (emptyMayBeNull === true && codec.decodeEmpty !== undefined) return codec.decodeEmpty(contentType);
  return codec.decode(body, contentType);
}

function late(to: DestinationSpec, by: Asking): MultiBrokerError {
  const what = `${to.name} on broker '${by.broker}' did not answer within ${String(by.timeoutMs)} ms`;
  return new MultiBrokerError('MULTI_BROKER_REQUEST_TIMEOUT', what, { broker: by.broker });
}
