import type { DestinationSpec, Outcome, Outgoing } from '../../driver/index.js';
import { asError, errorOf, type MultiBrokerError } from '../../errors/index.js';
import type { DeadLetterTarget } from '../binding.js';
import type { AttemptContext } from '../delivery-context.js';
import type { Outlet } from '../delivery-host.js';
import type { FailedDelivery } from '../lane-context.js';
import type { Unconfirmed } from '../single-publication.js';
import { letterOf } from './letter.js';
import type { SentLetter } from './sent-letter.js';

/** A delivery whose message is parked. */
export interface Parked extends FailedDelivery {
  /** The letter that is not confirmed yet, for health. */
  publishing: Unconfirmed | undefined;
  /** The context of the newest attempt. */
  lastContext(): AttemptContext;
}

/**
 * Writes the dead letter; resolves once it is confirmed. While the broker is down it waits, as every publish of a
 * result does. @throws MULTI_BROKER_DEAD_LETTER_FAILED for one that cannot be written
 */
export async function writeLetter(delivery: Parked, error: Error, target: DeadLetterTarget): Promise<SentLetter> {
  try {
    const outlet = outletOf(delivery, target);
    const path = outlet.resolve(target.ofEach?.destination(delivery.incoming.address) ?? target.destination);
    const to = path.fill?.(delivery.lastContext().params) ?? path;
    refuseLoop(delivery, target, to);
    const own = target.headers?.(error, delivery.lastContext());
    const message = letterOf(delivery, error, { to, target, own });
    delivery.publishing = { target: `its dead letter, ${to.name} on broker '${target.broker}'` };
    const outcome = await send(outlet, to, message, delivery);
    if ('error' in outcome) throw outcome.error;
    return { broker: target.broker, to, message, position: outcome.receipt.position };
  } catch (thrown) {
    throw unwritten(delivery, asError(thrown), target);
  } finally {
    delivery.publishing = undefined;
  }
}

function send(outlet: Outlet, to: DestinationSpec, message: Outgoing, { context }: Parked): Promise<Outcome> {
  return new Promise((done) => outlet.send(to, { message, persistent: true, from: context, done }));
}

function outletOf({ context }: Parked, { broker }: DeadLetterTarget): Outlet {
  const outlet = context.host.outlet(broker);
  if (outlet !== undefined) return outlet;
  throw errorOf('MULTI_BROKER_NOT_CONNECTED.absent', { broker });
}

/** A stream may capture its own letters, which is known only when one comes back: it would be parked for ever. */
function refuseLoop({ context, incoming }: Parked, { broker, ofEach }: DeadLetterTarget, to: DestinationSpec): void {
  const { binding } = context;
  const isLoop = (broker === binding.broker && to.address === incoming.address) || ofEach?.isLoop(to) === true;
  if (!isLoop) return;
  const params = { destination: to.name, broker, handler: binding.handler };
  throw errorOf('MULTI_BROKER_DEAD_LETTER_LOOP.arrived', params);
}

function unwritten({ context, incoming }: Parked, cause: Error, { broker }: DeadLetterTarget): MultiBrokerError {
  const { handler } = context.binding;
  const params = { position: incoming.position, handler, broker, reason: cause.message };
  const retryable = (cause as { readonly retryable?: unknown }).retryable === true;
  return errorOf('MULTI_BROKER_DEAD_LETTER_FAILED', params, { cause, retryable });
}
