import type { SecurityMethod, ServerDescription } from '../../driver/index.js';
import { MECHANISMS } from '../describe.js';
import type { PlatformaticBrokerOptions } from './options.js';

/** Reads the names of the client's options only, and of their values the addresses and the mechanism. */
export function describeServer({ client }: PlatformaticBrokerOptions): ServerDescription {
  const { bootstrapBrokers, sasl } = client;
  const tls = client.tls ?? client.ssl;
  const security: SecurityMethod[] = tls?.cert !== undefined || tls?.pfx !== undefined ? ['x509'] : [];
  if (sasl !== undefined) security.push(MECHANISMS[sasl.mechanism.toLowerCase()] ?? 'custom');
  return {
    protocol: tls === undefined ? 'kafka' : 'kafka-secure',
    tls: tls !== undefined,
    hosts: Array.isArray(bootstrapBrokers) ? bootstrapBrokers.map(hostOf) : [],
    security,
  };
}

/** Without the credentials of a URL: the check of the options refuses it, but a topology comes before it. */
const hostOf = (broker: unknown): string => {
  const { host, port } = broker as { readonly host?: unknown; readonly port?: unknown };
  const address = typeof broker === 'string' ? broker : `${String(host)}:${String(port)}`;
  return address.replace(/^(.*:\/\/)?(.*@)?/, '');
};
