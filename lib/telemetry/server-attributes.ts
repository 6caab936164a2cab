import type { Attributes } from '@opentelemetry/api';
import type { ServerAddress } from '../driver/index.js';
import { MESSAGING } from './conventions.js';

/** Finds the server of a broker; undefined while it is not known. */
export type ServerOf = (broker: string) => ServerAddress | undefined;

/** The server's attributes, for spans and metrics. */
export function serverAttributes(server: ServerAddress | undefined): Attributes {
  if (server === undefined) return {};
  const { address, port } = server;
  return { [MESSAGING.serverAddress]: address, ...(port !== undefined && { [MESSAGING.serverPort]: port }) };
}
