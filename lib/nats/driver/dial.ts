import type { NatsConnection } from 'nats';

import { asError } from '../../errors/index.js';
import type { NatsClient } from '../load-client.js';
import type { NatsBrokerOptions } from '../options.js';
import { clientOptions } from './client-options.js';
import { dialFailure } from './dial-failure.js';

/**
 * Connects. Rejects with MULTI_BROKER_CONNECT_FAILED when no server takes the connection, or when the signal aborts;
 * nats.js cannot give up a dial, so a connection that comes after that is closed at once.
 */
export async function dial(
  client: NatsClient,
  options: NatsBrokerOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const dialled = attempt(client, options);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(asError(signal.reason));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([dialled, aborted]);
  } catch (cause) {
    dialled.then(
      (late) => late.close(),
      () => undefined,
    );
    throw dialFailure(options, asError(cause));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** An invalid option makes `connect` throw rather than reject. */
async function attempt(client: NatsClient, options: NatsBrokerOptions): Promise<NatsConnection> {
  return client.connect(clientOptions(options));
}
