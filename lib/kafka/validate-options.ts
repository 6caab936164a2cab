import { addressProblems, BROKER_OPTION_NAMES } from '../driver/index.js';
import { isMissing, type OptionNames, phrase, textOf, unknownOptions } from '../errors/index.js';
import type { KafkaBrokerOptions } from './options.js';
import type { KafkaCommonSettings } from './settings.js';
import { topicProblem } from './topic.js';
import { wantedTopicProblems } from './new-topics.js';

/** Names of the options that a broker has by every client. */
export const COMMON_NAMES = {
  ...BROKER_OPTION_NAMES,
  client: true,
  prefix: true,
  groupId: true,
  fromBeginning: true,
  consumer: true,
  producer: true,
  topics: true,
  commitIntervalMs: true,
  maxDecompressedBytes: true,
  allowInsecure: true,
} as const;

const NAMES: OptionNames<KafkaBrokerOptions> = { ...COMMON_NAMES, calmTimers: true };

/** kafkajs's defaults: one option of a pair may be given without the other. */
const DEFAULTS = {
  sessionTimeout: 30_000,
  heartbeatInterval: 3_000,
  rebalanceTimeout: 60_000,
  minBytes: 1,
  maxBytes: 10_485_760,
};

/**
 * Problems of the options, a sentence each. kafkajs would report some only when a consumer starts, and others never.
 */
export function optionProblems(options: KafkaBrokerOptions): readonly string[] {
  return [
    ...unknownOptions(options, NAMES),
    ...brokersProblems(options),
    ...tlsProblems(options),
    ...groupProblems(options),
    ...consumerProblems(options.consumer ?? {}),
    ...producerProblems(options.producer ?? {}),
    ...nameProblems(options),
    ...positive(options, '', ['commitIntervalMs', 'maxDecompressedBytes']),
  ];
}

/** Of names, whichever client uses them. */
export function nameProblems(options: KafkaCommonSettings): readonly string[] {
  return [
    ...addressProblems(options.addresses),
    ...prefixProblems(options),
    ...topicProblems(options),
    ...wantedTopicProblems(options),
  ];
}

function brokersProblems({ client }: Partial<KafkaBrokerOptions>): string[] {
  const brokers: unknown = client?.brokers;
  if (typeof brokers === 'function') return [];
  if (!Array.isArray(brokers) || brokers.length === 0)
    return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaNoServers', {})];
  return brokers.flatMap((broker: unknown) => brokerProblem(broker) ?? []);
}

/** Nothing of an address that may hold a password is shown. */
function brokerProblem(broker: unknown): string | undefined {
  if (typeof broker !== 'string') return textOf('MULTI_BROKER_OPTION_INVALID.kafkaServer', { server: typeof broker });
  if (broker.includes('@')) return textOf('MULTI_BROKER_OPTION_INVALID.kafkaCredentials', {});
  if (/^[^\s/]+:\d+$/.test(broker)) return undefined;
  return textOf('MULTI_BROKER_OPTION_INVALID.kafkaServer', { server: JSON.stringify(broker) });
}

function tlsProblems({ client, allowInsecure }: Partial<KafkaBrokerOptions>): string[] {
  const ssl = client?.ssl;
  if (typeof ssl !== 'object' || ssl.rejectUnauthorized !== false || allowInsecure === true) return [];
  return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaTls', {})];
}

function groupProblems({ groupId, consumer }: KafkaBrokerOptions): string[] {
  const problems = groupId === '' ? [textOf('MULTI_BROKER_OPTION_INVALID.kafkaEmptyGroup', {})] : [];
  if (has(consumer, 'groupId')) problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaConsumerGroup', {}));
  return problems;
}

function consumerProblems(consumer: NonNullable<KafkaBrokerOptions['consumer']>): string[] {
  const { sessionTimeout, heartbeatInterval, rebalanceTimeout, minBytes, maxBytes } = {
    ...DEFAULTS,
    ...defined(consumer),
  };
  const problems = positive(consumer, 'consumer.', [
    'sessionTimeout',
    'heartbeatInterval',
    'rebalanceTimeout',
    'maxWaitTimeInMs',
    'minBytes',
    'maxBytes',
    'maxBytesPerPartition',
  ]);
  if (heartbeatInterval * 2 > sessionTimeout) {
    problems.push(
      textOf('MULTI_BROKER_OPTION_INVALID.kafkaHeartbeat', { heartbeat: heartbeatInterval, session: sessionTimeout }),
    );
  }
  if (rebalanceTimeout < sessionTimeout) {
    problems.push(
      textOf('MULTI_BROKER_OPTION_INVALID.kafkaRebalance', { rebalance: rebalanceTimeout, session: sessionTimeout }),
    );
  }
  if ((consumer.maxWaitTimeInMs ?? 0) * 2 > sessionTimeout) {
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaMaxWait', { session: sessionTimeout }));
  }
  if (has(consumer.retry, 'restartOnFailure')) {
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaRestart', {}));
  }
  if (minBytes > maxBytes)
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaMinBytes', { min: minBytes, max: maxBytes }));
  return problems;
}

function producerProblems(producer: NonNullable<KafkaBrokerOptions['producer']>): string[] {
  const problems = positive(producer, 'producer.', ['maxInFlightRequests']);
  if (has(producer, 'transactionalId')) problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaTransactions', {}));
  if (has(producer, 'createPartitioner')) problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaPartitioner', {}));
  if (producer.idempotent !== true) return problems;
  // With more, a retry makes the server answer OUT_OF_ORDER_SEQUENCE_NUMBER (kafkajs #598, #980).
  if ((producer.maxInFlightRequests ?? 1) !== 1)
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaIdempotentInFlight', {}));
  if ((producer.retry?.retries ?? 1) < 1)
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.kafkaIdempotentRetries', {}));
  return problems;
}

function prefixProblems({ prefix }: KafkaCommonSettings): string[] {
  if (prefix === undefined) return [];
  const problem = typeof prefix === 'string' ? topicProblem(`${prefix}x`) : phrase('isNoString');
  return problem === undefined ? [] : [textOf('MULTI_BROKER_OPTION_INVALID.brokerPrefix', { problem })];
}

function topicProblems({ name, addresses = {} }: KafkaCommonSettings): string[] {
  return Object.entries(addresses).flatMap(([from, to]) => {
    const problem = isMissing(to) ? undefined : topicProblem(to);
    if (problem === undefined) return [];
    const params = { alias: from, name, topic: JSON.stringify(to), problem };
    return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaAddress', params)];
  });
}

export function positive<T extends object>(from: T, prefix: string, keys: readonly (keyof T & string)[]): string[] {
  return keys.flatMap((key) => {
    const value: unknown = from[key];
    if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value))) return [];
    return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaPositive', { option: `${prefix}${key}` })];
  });
}

export const has = (object: object | undefined, key: string): boolean =>
  object !== undefined && (object as Record<string, unknown>)[key] !== undefined;

export const defined = <T extends object>(object: T): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
