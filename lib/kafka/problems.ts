import { addressProblems, BROKER_OPTION_NAMES } from '../driver/index.js';
import { isMissing, type OptionNames, unknownOptions } from '../errors/index.js';
import type { KafkaBrokerOptions } from './options.js';
import { topicProblem } from './topic-name.js';
import { wantedTopicProblems } from './wanted-topics.js';

const NAMES: OptionNames<KafkaBrokerOptions> = {
  ...BROKER_OPTION_NAMES,
  client: true,
  groupId: true,
  fromBeginning: true,
  consumer: true,
  producer: true,
  topics: true,
  commitIntervalMs: true,
  maxDecompressedBytes: true,
  allowInsecure: true,
  calmTimers: true,
};

/** kafkajs's defaults, against which a half-given pair is checked. */
const DEFAULTS = {
  sessionTimeout: 30_000,
  heartbeatInterval: 3_000,
  rebalanceTimeout: 60_000,
  minBytes: 1,
  maxBytes: 10_485_760,
};

/**
 * What is wrong with the options, a sentence each. kafkajs would say some of it only when a consumer starts, and some
 * never.
 */
export function optionProblems(options: KafkaBrokerOptions): readonly string[] {
  return [
    ...unknownOptions(options, NAMES),
    ...brokersProblems(options),
    ...tlsProblems(options),
    ...groupProblems(options),
    ...consumerProblems(options.consumer ?? {}),
    ...producerProblems(options.producer ?? {}),
    ...addressProblems(options.addresses),
    ...topicProblems(options),
    ...wantedTopicProblems(options),
    ...positive(options, '', ['commitIntervalMs', 'maxDecompressedBytes']),
  ];
}

function brokersProblems({ client }: Partial<KafkaBrokerOptions>): string[] {
  const brokers: unknown = client?.brokers;
  if (typeof brokers === 'function') return [];
  if (!Array.isArray(brokers) || brokers.length === 0) return ['client.brokers has to list at least one host:port'];
  const bad = brokers.filter((broker) => typeof broker !== 'string' || !/^[^\s/]+:\d+$/.test(broker));
  return bad.map((broker) => `client.brokers: ${JSON.stringify(broker)} is no host:port`);
}

function tlsProblems({ client, allowInsecure }: Partial<KafkaBrokerOptions>): string[] {
  const ssl = client?.ssl;
  if (typeof ssl !== 'object' || ssl.rejectUnauthorized !== false || allowInsecure === true) return [];
  return [
    'client.ssl.rejectUnauthorized: false lets anyone between read the credentials: give ssl.ca, or set allowInsecure: true',
  ];
}

function groupProblems({ groupId, consumer }: KafkaBrokerOptions): string[] {
  const problems = groupId === '' ? ['groupId is empty'] : [];
  if (has(consumer, 'groupId')) problems.push('consumer.groupId: the group is given by groupId, or by topic()');
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
      `consumer.heartbeatInterval (${heartbeatInterval}) has to be at most half of sessionTimeout (${sessionTimeout}): a third is usual`,
    );
  }
  if (rebalanceTimeout < sessionTimeout) {
    problems.push(
      `consumer.rebalanceTimeout (${rebalanceTimeout}) has to be at least sessionTimeout (${sessionTimeout})`,
    );
  }
  if ((consumer.maxWaitTimeInMs ?? 0) * 2 > sessionTimeout) {
    problems.push(`consumer.maxWaitTimeInMs has to be at most half of sessionTimeout (${sessionTimeout})`);
  }
  if (has(consumer.retry, 'restartOnFailure')) {
    problems.push('consumer.retry.restartOnFailure is not offered: a consumer that crashes is always made anew');
  }
  if (minBytes > maxBytes) problems.push(`consumer.minBytes (${minBytes}) is more than maxBytes (${maxBytes})`);
  return problems;
}

function producerProblems(producer: NonNullable<KafkaBrokerOptions['producer']>): string[] {
  const problems = positive(producer, 'producer.', ['maxInFlightRequests']);
  if (has(producer, 'transactionalId')) problems.push('producer.transactionalId: transactions are not offered');
  if (has(producer, 'createPartitioner'))
    problems.push('producer.createPartitioner: partitions are picked as by the default one');
  if (producer.idempotent !== true) return problems;
  // With more, a retry makes the server answer OUT_OF_ORDER_SEQUENCE_NUMBER (kafkajs #598, #980).
  if ((producer.maxInFlightRequests ?? 1) !== 1)
    problems.push('producer.maxInFlightRequests has to be 1 with idempotent: true');
  if ((producer.retry?.retries ?? 1) < 1)
    problems.push('producer.retry.retries has to be at least 1 with idempotent: true');
  return problems;
}

function topicProblems({ name, addresses = {} }: KafkaBrokerOptions): string[] {
  return Object.entries(addresses).flatMap(([from, to]) => {
    const problem = isMissing(to) ? undefined : topicProblem(to);
    return problem === undefined ? [] : [`addresses.${from} of '${name}': the topic ${JSON.stringify(to)} ${problem}`];
  });
}

function positive<T extends object>(from: T, prefix: string, keys: readonly (keyof T & string)[]): string[] {
  return keys.flatMap((key) => {
    const value: unknown = from[key];
    if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value))) return [];
    return [`${prefix}${key} has to be a number above 0`];
  });
}

const has = (object: object | undefined, key: string): boolean =>
  object !== undefined && (object as Record<string, unknown>)[key] !== undefined;

const defined = <T extends object>(object: T): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
