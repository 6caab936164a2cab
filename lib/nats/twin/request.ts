import type { Incoming, DriverContext } from '../../driver/index.js';
import { errorOf, type MultiBrokerError } from '../../errors/index.js';
import { type Stored, turnsOf } from '../../twin/index.js';
import { answeredByStream } from '../driver/connection/publish-errors.js';
import { serviceFailure } from '../service-failure.js';
import { CoreArrival } from './arrivals.js';
import type { Subscriber } from './core-subscriptions.js';
import type { TwinServer } from './twin-server.js';

/** Circumstances of a request. */
interface RequestContext {
  /** Name of the destination, for errors. */
  readonly to: string;
  readonly server: TwinServer;
  readonly io: DriverContext;
  /** Aborts at the timeout. */
  readonly signal: AbortSignal;
  /** Aborts when the broker is closed. */
  readonly closed: AbortSignal;
}

/** Publishes a request and resolves with the first message that arrives in its inbox. */
export async function request(request: Stored, asking: RequestContext): Promise<Incoming> {
  const { to, server, io, signal, closed } = asking;
  const over = AbortSignal.any([signal, closed]);
  let leave = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      const tooLate = (): void => reject(closed.aborted ? (closed.reason as Error) : timedOut(to, io.broker));
      if (over.aborted) tooLate();
      over.addEventListener('abort', tooLate, { once: true });
      const answered = (answer: Incoming): void => {
        const failure = serviceFailure(answer, { destination: to, broker: io.broker });
        if (failure === undefined) resolve(answer);
        else reject(failure);
      };
      leave = server.subscriptions.add(receiver(request.replyTo ?? '', io, answered));
      const { receivers } = server.publish(request);
      const stream = server.capturing(request.address)?.name;
      if (stream !== undefined) reject(answeredByStream({ name: to }, stream, io.broker));
      else if (receivers === 0) reject(noResponders(to, io.broker));
    });
  } finally {
    leave();
  }
}

/** The requester's inbox: like any subscriber, it gets its message in a later turn. */
function receiver(pattern: string, io: DriverContext, resolve: (answer: Incoming) => void): Subscriber {
  // Only the first of several replies counts, so their order is kept even if a seed draws the order within a turn.
  const owner = { pattern };
  const own = { broker: io.broker, params: undefined };
  const accept = (stored: Stored, id: number): void =>
    turnsOf(io).soon(() => resolve(new CoreArrival(stored, own, id)), owner);
  return { pattern, group: undefined, accept };
}

function timedOut(to: string, broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_REQUEST_TIMEOUT.nats', { destination: to, broker });
}

function noResponders(to: string, broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_NO_RESPONDERS', { destination: to, broker });
}
