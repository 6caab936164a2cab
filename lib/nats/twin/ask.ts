import type { Incoming, Io } from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import { type Stored, turnsOf } from '../../twin/index.js';
import { answeredByStream } from '../request-errors.js';
import { CoreArrival } from './core-arrival.js';
import type { Subscriber } from './interest.js';
import type { TwinServer } from './twin-server.js';

/** Who asks, and how long. */
interface Asking {
  /** The destination, for errors. */
  readonly to: string;
  readonly server: TwinServer;
  readonly io: Io;
  /** Aborts when it took too long. */
  readonly signal: AbortSignal;
  /** Aborts when the broker is closed. */
  readonly closed: AbortSignal;
}

/** Publishes a request and resolves with what first comes to its inbox. */
export async function ask(request: Stored, asking: Asking): Promise<Incoming> {
  const { to, server, io, signal, closed } = asking;
  const over = AbortSignal.any([signal, closed]);
  let leave = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      const tooLate = (): void => reject(closed.aborted ? (closed.reason as Error) : timedOut(to, io.broker));
      if (over.aborted) tooLate();
      over.addEventListener('abort', tooLate, { once: true });
      leave = server.interest.add(receiver(request.replyTo ?? '', io, resolve));
      const { receivers } = server.publish(request);
      const stream = server.capturing(request.address)?.name;
      if (stream !== undefined) reject(answeredByStream({ name: to }, stream, io.broker));
      else if (receivers === 0) reject(noResponders(to, io.broker));
    });
  } finally {
    leave();
  }
}

/** The asker's inbox: like any other, it gets its message in a later turn. */
function receiver(pattern: string, io: Io, resolve: (answer: Incoming) => void): Subscriber {
  // Only the first of several answers is taken, so they are kept in order even where a seed draws that of a turn.
  const owner = { pattern };
  const own = { broker: io.broker, params: undefined };
  const accept = (stored: Stored, id: number): void => {
    turnsOf(io).soon(() => resolve(new CoreArrival(stored, own, id)), owner);
  };
  return { pattern, group: undefined, accept };
}

function timedOut(to: string, broker: string): MultiBrokerError {
  return new MultiBrokerError(
    'MULTI_BROKER_REQUEST_TIMEOUT',
    `No answer came from ${to} in time (broker '${broker}')`,
    { broker },
  );
}

function noResponders(to: string, broker: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_NO_RESPONDERS', `Nobody listens on ${to} of broker '${broker}'`, {
    broker,
  });
}
