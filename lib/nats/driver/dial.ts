import type { NatsConnection } from 'nats';

import { asError } from '../../errors/index.js';
import type { NatsClient } from '../load-client.js';
import type { NatsBrokerOptions } from '../options.js';
import { clientOptions } from './client-options.js';
import { dialFailure } from './dial-failure.js';
import { startDial } from './guarded-dial.js';

/** Connects. Rejects with MULTI_BROKER_CONNECT_FAILED when no server takes the connection, or when the signal aborts. */
export async function dial(
  client: NatsClient,
  options: NatsBrokerOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const { connected, giveUp } = startDial(client, clientOptions(options));
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(asError(signal.reason));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([connected, aborted]);
  } catch (cause) {
    // A connection that comes all the same is closed at once.
    connected.then(
      (late) => late.close(),
      () => undefined,
    );
    giveUp();
    throw dialFailure(options, asError(cause));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
