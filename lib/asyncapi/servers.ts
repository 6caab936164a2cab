import type { SecurityMethod, ServerDescription, Topology, TopologyBroker } from '../driver/index.js';
import type { AsyncApiServer, JsonObject } from './document-types.js';
import { type Keys, refTo } from './keys.js';

/** The scheme of AsyncAPI that says how an application proves who it is; `custom` has none. */
const SCHEMES: Readonly<Record<SecurityMethod, JsonObject | undefined>> = {
  plain: { type: 'plain', description: 'SASL PLAIN' },
  scramSha256: { type: 'scramSha256', description: 'SASL SCRAM-SHA-256' },
  scramSha512: { type: 'scramSha512', description: 'SASL SCRAM-SHA-512' },
  oauthBearer: { type: 'http', scheme: 'bearer', description: 'SASL OAUTHBEARER' },
  userPassword: { type: 'userPassword', description: 'User and password' },
  token: { type: 'apiKey', in: 'password', description: 'Token' },
  x509: { type: 'X509', description: 'Client certificate' },
  custom: undefined,
};

/** Servers by key, one for each broker. */
export function serversOf({ brokers }: Topology, keys: Keys<string>): Record<string, AsyncApiServer> {
  return Object.fromEntries(brokers.map((broker) => [keys.of(broker.name, broker.name), serverOf(broker)]));
}

function serverOf({ name, kind, critical, server }: TopologyBroker): AsyncApiServer {
  const { hosts = [], protocol = kind, security = [], tls } = server ?? ({} as Partial<ServerDescription>);
  const schemes = security.filter((method) => SCHEMES[method] !== undefined);
  return {
    // Required also where only the application's start tells it.
    host: hosts[0] ?? name,
    protocol,
    description: `Broker '${name}'`,
    ...(schemes.length > 0 && { security: schemes.map((method) => refTo('components', 'securitySchemes', method)) }),
    'x-broker': name,
    'x-kind': kind,
    ...(hosts.length === 0 && { 'x-host-unknown': true }),
    ...(hosts.length > 1 && { 'x-hosts': hosts }),
    ...(tls === true && { 'x-tls': true }),
    ...(!critical && { 'x-critical': false }),
    ...(security.includes('custom') && { 'x-security': 'custom' }),
  };
}

/** The schemes that the servers refer to; undefined for none. */
export function securitySchemesOf({ brokers }: Topology): Record<string, JsonObject> | undefined {
  const methods = new Set(brokers.flatMap(({ server }) => server?.security ?? []));
  const schemes = [...methods].flatMap((method) => {
    const scheme = SCHEMES[method];
    return scheme === undefined ? [] : [[method, scheme] as const];
  });
  return schemes.length === 0 ? undefined : Object.fromEntries(schemes);
}
