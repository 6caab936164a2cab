import { type OptionNames, textOf, unknownOptions } from '../../errors/index.js';
import { COMMON_NAMES, defined, has, nameProblems, positive } from '../validate-options.js';
import type { PlatformaticBrokerOptions, PlatformaticConsumerOptions, PlatformaticProducerOptions } from './options.js';

const NAMES: OptionNames<PlatformaticBrokerOptions> = COMMON_NAMES;
/** The client refuses none that it does not know. */
const CONSUMER: OptionNames<PlatformaticConsumerOptions> = {
  groupProtocol: true,
  groupInstanceId: true,
  groupRemoteAssignor: true,
  sessionTimeout: true,
  heartbeatInterval: true,
  rebalanceTimeout: true,
  minBytes: true,
  maxBytes: true,
  maxBytesPerPartition: true,
  maxWaitTime: true,
  metadataMaxAge: true,
  autocreateTopics: true,
};
const PRODUCER: OptionNames<PlatformaticProducerOptions> = {
  compression: true,
  idempotent: true,
  autocreateTopics: true,
  retries: true,
};

/** Those of the broker: one option of a pair may be given without the other. */
const DEFAULTS = { sessionTimeout: 30_000, heartbeatInterval: 3_000, rebalanceTimeout: 60_000 };

/** Problems of the options, a sentence each. */
export function optionProblems(options: PlatformaticBrokerOptions): readonly string[] {
  const { consumer = {}, producer = {}, groupId } = options;
  return [
    ...unknownOptions(options, NAMES),
    ...serversProblems(options),
    ...tlsProblems(options),
    ...(groupId === '' ? [textOf('MULTI_BROKER_OPTION_INVALID.kafkaEmptyGroup', {})] : []),
    ...(has(consumer, 'groupId') ? [textOf('MULTI_BROKER_OPTION_INVALID.kafkaConsumerGroup', {})] : []),
    ...(has(producer, 'transactionalId') ? [textOf('MULTI_BROKER_OPTION_INVALID.kafkaTransactions', {})] : []),
    ...unknownOptions(withoutThose(consumer, 'groupId'), CONSUMER),
    ...unknownOptions(withoutThose(producer, 'transactionalId'), PRODUCER),
    ...consumerProblems(consumer),
    ...nameProblems(options),
    ...positive(options, '', ['commitIntervalMs', 'maxDecompressedBytes']),
  ];
}

/** Told by a sentence of their own. */
const withoutThose = <T extends object>(options: T, name: string): T =>
  Object.fromEntries(Object.entries(options).filter(([key]) => key !== name)) as T;

function serversProblems({ client }: Partial<PlatformaticBrokerOptions>): string[] {
  const servers: unknown = client?.bootstrapBrokers;
  if (!Array.isArray(servers) || servers.length === 0)
    return [textOf('MULTI_BROKER_OPTION_INVALID.platformaticNoServers', {})];
  return servers.flatMap((server: unknown) => serverProblem(server) ?? []);
}

/** Nothing of an address that may hold a password is shown. */
function serverProblem(server: unknown): string | undefined {
  const text = typeof server === 'string' ? server : hostAndPort(server);
  if (text.includes('@')) return textOf('MULTI_BROKER_OPTION_INVALID.platformaticCredentials', {});
  if (/^[^\s/]+:\d+$/.test(text)) return undefined;
  return textOf('MULTI_BROKER_OPTION_INVALID.platformaticServer', { server: JSON.stringify(text) });
}

function hostAndPort(server: unknown): string {
  const { host, port } = (server ?? {}) as { readonly host?: unknown; readonly port?: unknown };
  return typeof host === 'string' && Number.isInteger(port) ? `${host}:${String(port)}` : typeof server;
}

function tlsProblems({ client, allowInsecure }: Partial<PlatformaticBrokerOptions>): string[] {
  const tls = client?.tls ?? client?.ssl;
  if (tls?.rejectUnauthorized !== false || allowInsecure === true) return [];
  return [textOf('MULTI_BROKER_OPTION_INVALID.platformaticTls', {})];
}

function consumerProblems(consumer: PlatformaticConsumerOptions): string[] {
  const { sessionTimeout, heartbeatInterval, rebalanceTimeout } = { ...DEFAULTS, ...defined(consumer) };
  const problems = positive(consumer, 'consumer.', [
    'sessionTimeout',
    'heartbeatInterval',
    'rebalanceTimeout',
    'maxWaitTime',
    'minBytes',
    'maxBytes',
    'maxBytesPerPartition',
    'metadataMaxAge',
  ]);
  // By KIP-848 the server decides on both.
  if (consumer.groupProtocol === 'consumer') return problems;
  if (heartbeatInterval * 2 > sessionTimeout) {
    const params = { heartbeat: heartbeatInterval, session: sessionTimeout };
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaHeartbeat', params));
  }
  if (rebalanceTimeout < sessionTimeout) {
    const params = { rebalance: rebalanceTimeout, session: sessionTimeout };
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaRebalance', params));
  }
  return problems;
}
