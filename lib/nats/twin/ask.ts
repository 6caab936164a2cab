import type { Incoming, Io } from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import { Arrived, type Stored, turnsOf } from '../../twin/index.js';
import type { Subscriber } from './interest.js';
import { positionOnSubject } from './positions.js';
import { rawMessage } from './raw-message.js';
import type { TwinServer } from './twin-server.js';

/** Publishes a request and resolves with what first comes to its inbox. */
export function ask(request: Stored, to: string, server: TwinServer, io: Io, signal: AbortSignal): Promise<Incoming> {
  const inbox = request.replyTo ?? server.newInbox();
  return new Promise((resolve, reject) => {
    const end = (act: () => void): void => {
      leave();
      signal.removeEventListener('abort', abort);
      act();
    };
    const abort = (): void => end(() => reject(signal.reason as Error));
    const receiver: Subscriber = {
      pattern: inbox,
      group: undefined,
      accept: (stored, id) => turnsOf(io).soon(() => end(() => resolve(answerOf(stored, id)))),
    };
    const leave = server.interest.add(receiver);
    signal.addEventListener('abort', abort, { once: true });
    const { receivers, ack } = server.publish(request);
    if (receivers === 0 && ack === undefined) end(() => reject(noResponders(to, io.broker)));
  });
}

function answerOf(stored: Stored, id: number): Incoming {
  return new Arrived(stored, { position: positionOnSubject(stored.address, id), deliveries: 1, raw: () => rawMessage(stored) });
}

function noResponders(to: string, broker: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_NO_RESPONDERS', `Nobody listens on ${to} of broker '${broker}'`, { broker });
}
