import type { Codec } from '../codec/index.js';
import { CONTENT_TYPE } from '../codec/index.js';
import { DeliveredMessage, ERROR } from '../delivery/index.js';
import type { BrokerMessage, Clock, DestinationSpec, Driver, Incoming, Outgoing } from '../driver/index.js';
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
    return read(answer, to, by) as BrokerMessage<R>;
  } finally {
    deadline.clear();
  }
}

/** Why a kind refuses `request()`. Nothing was sent. */
function unsupported({ broker, kind }: Pick<Asking, 'broker' | 'kind'>): MultiBrokerError {
  const what = `Broker '${broker}' is of kind '${kind}', which has no request/reply: an answer by a topic would be handled by any member of a group`;
  return new MultiBrokerError('MULTI_BROKER_REQUEST_UNSUPPORTED', what, { broker });
}

function read(answer: Incoming, to: DestinationSpec, by: Asking): BrokerMessage {
  const message = new DeliveredMessage(answer, 1);
  const failure = message.rawHeaders[ERROR];
  if (failure !== undefined) {
    const what = `The request to ${to.name} on broker '${by.broker}' failed: ${failure}`;
    throw new MultiBrokerError('MULTI_BROKER_REQUEST_FAILED', what, { broker: by.broker });
  }
  message.payload = decode(answer.body, message.rawHeaders[CONTENT_TYPE], to, by);
  return message;
}

function decode(body: Uint8Array | null, contentType: string | undefined, to: DestinationSpec, by: Asking): unknown {
  if (body === null || body.length === 0) return null;
  try {
    return by.codec.decode(body, contentType);
  } catch (thrown) {
    const what = `The answer of ${to.name} on broker '${by.broker}' cannot be decoded`;
    throw new MultiBrokerError('MULTI_BROKER_UNDECODABLE', what, { broker: by.broker, cause: asError(thrown) });
  }
}

function late(to: DestinationSpec, by: Asking): MultiBrokerError {
  const what = `${to.name} on broker '${by.broker}' did not answer within ${String(by.timeoutMs)} ms`;
  return new MultiBrokerError('MULTI_BROKER_REQUEST_TIMEOUT', what, { broker: by.broker });
}
