import { type ServerAddress, serverAddress } from '../../../driver/index.js';
import type { ClientConnection } from './client-port.js';

/**
 * The server of the connection of now, as it is configured or as the cluster tells of it. nats.js (2.29.3, protocol.ts)
 * resolves the name of a configured one for each dial, but keeps the server itself. The `tlsName` of one of the cluster is
 * the name of another.
 */
export function connectedServer(nc: ClientConnection): ServerAddress | undefined {
  return serverAddress(nc.getServer());
}
