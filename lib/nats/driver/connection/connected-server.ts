import type { NatsConnection } from 'nats';

import { type ServerAddress, serverAddress } from '../../../driver/index.js';

/** nats.js's server (2.29.3, servers.ts), which is not public: `getServer()` has the IP address that a name is resolved to. */
interface Server {
  readonly hostname?: unknown;
  readonly port?: unknown;
  /** The name that was resolved; empty if there was none. */
  readonly tlsName?: unknown;
}

/** The server of the connection of now, by its name where it has one. */
export function connectedServer(nc: NatsConnection): ServerAddress | undefined {
  const shown = serverAddress(nc.getServer());
  const { protocol } = nc as NatsConnection & { readonly protocol?: { readonly server?: Server } };
  const name = protocol?.server?.tlsName;
  return shown !== undefined && typeof name === 'string' && name !== '' ? { ...shown, address: name } : shown;
}
