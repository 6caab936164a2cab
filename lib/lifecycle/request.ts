import { type Clock, Deadline, untilAborted } from '../async/index.js';
import { type Codec, contentTypeOf } from '../codec/index.js';
import { DeliveredMessage, ERROR, requests, RequestTrace, traced } from '../delivery/index.js';
import type { BrokerMessage, DestinationSpec, Driver, Headers, Incoming, Outgoing } from '../driver/index.js';
import { asError, errorOf, type MultiBrokerError, phrase } from '../errors/index.js';

/** Settings of one request, and the broker that sends it. */
export interface RequestSettings {
  readonly broker: string;
  readonly kind: string;
  readonly application: object;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly timeoutMs: number;
}

/** Sends a request and reads its answer. */
export function sendRequest<R>(
  driver: Driver,
  to: DestinationSpec,
  message: Outgoing,
  by: RequestSettings,
): Promise<BrokerMessage<R>> {
  if (!requests.hasSubscribers) return exchange(driver, to, message, by);
  const trace = new RequestTrace(by, to, message);
  return traced(requests, trace, () => exchange<R>(driver, to, RequestTrace.messageOf(trace), by));
}

async function exchange<R>(
  driver: Driver,
  to: DestinationSpec,
  message: Outgoing,
  by: RequestSettings,
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

/** The codec that encodes a request: a reply format such as that of Nest's own transports has one for requests. */
export function requestCodec(codec: Codec, { address }: DestinationSpec): Codec {
  const { replies } = codec;
  return replies === undefined ? codec : { ...codec, encode: (payload) => replies.request(payload, address) };
}

/** The error of a broker kind without `request()`. Nothing was sent. */
function unsupported({ broker, kind }: Pick<RequestSettings, 'broker' | 'kind'>): MultiBrokerError {
  return errorOf('MULTI_BROKER_REQUEST_UNSUPPORTED.kind', { broker, kind });
}

async function read(answer: Incoming, to: DestinationSpec, by: RequestSettings): Promise<BrokerMessage> {
  const message = new DeliveredMessage(answer, 1);
  const { failure, payload } = await answerOf(answer, message.textHeaders, to, by);
  if (failure !== undefined) {
    const params = { destination: to.name, broker: by.broker, reason: failure };
    throw errorOf('MULTI_BROKER_REQUEST_FAILED', params);
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
  { codec, broker }: RequestSettings,
): Promise<Read> {
  const failure = headers[ERROR];
  if (failure !== undefined) return { failure };
  const { body } = answer;
  try {
    if (codec.replies !== undefined) {
      const given: unknown = codec.replies.read({ body: body?.length === 0 ? null : body, headers });
      return checkedAnswer(await given);
    }
    return { payload: await decode(answer, contentTypeOf(headers), codec) };
  } catch (thrown) {
    const params = { destination: to.name, broker };
    throw errorOf('MULTI_BROKER_UNDECODABLE.answer', params, { cause: asError(thrown) });
  }
}

/** What neither has a payload nor says why there is none would be an answer without a value. */
function checkedAnswer(given: unknown): Read {
  if (typeof given === 'object' && given !== null && ('payload' in given || 'failure' in given)) return given as Read;
  throw new TypeError(phrase('readMustReturn', { gave: given === null ? 'null' : typeof given }));
}

/** An answer without a value is `null` for every codec. */
function decode({ body, emptyMayBeNull }: Incoming, contentType: string | undefined, codec: Codec): unknown {
  if (body === null) return null;
  if (emptyMayBeNull === true && codec.decodeEmpty !== undefined) return codec.decodeEmpty(contentType);
  return codec.decode(body, contentType);
}

function late(to: DestinationSpec, by: RequestSettings): MultiBrokerError {
  const params = { destination: to.name, broker: by.broker, ms: by.timeoutMs };
  return errorOf('MULTI_BROKER_REQUEST_TIMEOUT.late', params);
}
