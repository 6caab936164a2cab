import type { NatsConnection } from 'nats';

import { asError, MultiBrokerError } from '../../errors/index.js';
import type { NatsClient } from '../load-client.js';
import type { NatsBrokerOptions } from '../options.js';
import { clientOptions } from './client-options.js';

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
    throw failed(options, asError(cause));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** An invalid option makes `connect` throw rather than reject. */
async function attempt(client: NatsClient, options: NatsBrokerOptions): Promise<NatsConnection> {
  return client.connect(clientOptions(options));
}

function failed(options: NatsBrokerOptions, cause: Error): MultiBrokerError {
  const what = `Broker '${options.name}' did not connect to ${servers(options)}: ${reason(cause)}`;
  return new MultiBrokerError('MULTI_BROKER_CONNECT_FAILED', what, { broker: options.name, cause });
}

/** Where it dialled, without what stands before an `@`. */
function servers({ client }: NatsBrokerOptions): string {
  const list = [client.servers ?? []].flat();
  if (list.length === 0) return `127.0.0.1:${client.port ?? 4222}`;
  return list.map((server) => server.replace(/^(.*:\/\/)?(.*@)?/, '')).join(', ');
}

/** nats.js gives some errors no message but their code. */
function reason(cause: Error): string {
  const code = (cause as { code?: unknown }).code;
  const text = cause.message === '' ? 'no reason was told' : cause.message;
  return typeof code === 'string' && code !== text ? `${text} (${code})` : text;
}
