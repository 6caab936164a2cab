import { loadPeer } from '../driver/index.js';
import type { NatsClient } from './driver/connection/client-port.js';
import { loadNats2, type Nats2Importer } from './driver/connection/nats-2/load.js';

/** Loads the optional peer `nats`. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed. */
export async function loadClient(broker: string, load?: Nats2Importer): Promise<NatsClient> {
  return loadPeer('nats', broker, () => loadNats2(load));
}
