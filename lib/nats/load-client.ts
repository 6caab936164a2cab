import { loadPeer } from '../driver/index.js';
import { errorOf, MultiBrokerError } from '../errors/index.js';
import type { NatsClient } from './driver/connection/client-port.js';
import { loadNats2 } from './driver/connection/nats-2/load.js';
import { loadNatsIo } from './driver/connection/nats-io/load.js';
import type { NatsLibrary } from './options.js';

/** Loads a client, for each library. */
export type ClientLoaders = Readonly<Record<NatsLibrary, () => Promise<NatsClient>>>;

const LOADERS: ClientLoaders = { '@nats-io': () => loadNatsIo(), nats: () => loadNats2() };

/** What has to be installed. */
const PACKAGES: Readonly<Record<NatsLibrary, string>> = {
  '@nats-io': '@nats-io/transport-node @nats-io/jetstream',
  nats: 'nats',
};

/**
 * Loads the client of the library; without one, of the first that is installed. Rejects with MULTI_BROKER_CLIENT_MISSING
 * where it is not installed, or none is.
 */
export async function loadClient(
  broker: string,
  library: NatsLibrary | undefined,
  loaders: ClientLoaders = LOADERS,
): Promise<NatsClient> {
  const load = (one: NatsLibrary): Promise<NatsClient> => loadPeer(PACKAGES[one], broker, loaders[one]);
  if (library !== undefined) return load(library);
  return (await unlessMissing(load('@nats-io'))) ?? (await unlessMissing(load('nats'))) ?? noClient(broker);
}

async function unlessMissing(loading: Promise<NatsClient>): Promise<NatsClient | undefined> {
  try {
    return await loading;
  } catch (thrown) {
    if (thrown instanceof MultiBrokerError && thrown.code === 'MULTI_BROKER_CLIENT_MISSING') return undefined;
    throw thrown;
  }
}

function noClient(broker: string): never {
  throw errorOf('MULTI_BROKER_CLIENT_MISSING.nats', { broker });
}
