import { describe, expect, it } from '@jest/globals';

import { kafkaBroker, type KafkaBrokerDefinition, type KafkaBrokerOptions } from '../../lib/kafka/index.js';
import {
  kafkaBroker as platformaticBroker,
  type PlatformaticBrokerOptions,
  type PlatformaticConsumerOptions,
  type PlatformaticProducerOptions,
} from '../../lib/kafka/platformatic.js';
import { whenBrokers } from './brokers/availability.js';

/** A client of Kafka. */
export type KafkaLibrary = 'kafkajs' | '@platformatic/kafka';

/** The client on which the tests with real servers run: `KAFKA_LIBRARY=@platformatic/kafka`, else kafkajs. */
export const kafkaLibrary: KafkaLibrary =
  process.env['KAFKA_LIBRARY'] === '@platformatic/kafka' ? '@platformatic/kafka' : 'kafkajs';

/** A protocol of groups of @platformatic/kafka. */
export type GroupProtocol = 'classic' | 'consumer';

/** By which one it joins: `KAFKA_GROUP_PROTOCOL=consumer`, else the classic one. */
const usualProtocol: GroupProtocol = process.env['KAFKA_GROUP_PROTOCOL'] === 'consumer' ? 'consumer' : 'classic';

/** Why @platformatic/kafka cannot be had on this Node; undefined where it can. */
export function platformaticUnavailable(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 22) ? undefined : `Node ${process.versions.node} is older than 22.22`;
}

/** A client, and its protocol of groups; without them those on which the tests run. */
export interface KafkaChoice {
  readonly library?: KafkaLibrary;
  readonly groupProtocol?: GroupProtocol;
}

/** A broker of a client, by options of kafkajs. */
export function kafkaBrokerOf(
  options: KafkaBrokerOptions,
  { library = kafkaLibrary, groupProtocol = usualProtocol }: KafkaChoice = {},
): KafkaBrokerDefinition {
  if (library === 'kafkajs') return kafkaBroker(options);
  const { consumer, ...others } = platformaticOptions(options);
  return platformaticBroker({ ...others, consumer: { ...consumer, groupProtocol } });
}

/** The same options, as @platformatic/kafka names them. */
export function platformaticOptions(options: KafkaBrokerOptions): PlatformaticBrokerOptions {
  const { client, consumer, producer, calmTimers: _calmTimers, ...rest } = options;
  const { brokers, connectionTimeout, requestTimeout, retry, ssl, sasl, clientId } = client;
  return {
    ...rest,
    client: defined({
      bootstrapBrokers: brokers as string[],
      clientId,
      connectTimeout: connectionTimeout,
      requestTimeout,
      retries: retry?.retries,
      tls: ssl === true ? {} : ssl === false ? undefined : ssl,
      sasl: sasl && { ...sasl, mechanism: sasl.mechanism.toUpperCase() },
    }) as PlatformaticBrokerOptions['client'],
    consumer: consumerOptions(consumer),
    producer: producerOptions(producer),
  };
}

function consumerOptions(consumer: KafkaBrokerOptions['consumer'] = {}): PlatformaticConsumerOptions {
  const { heartbeatInterval, sessionTimeout, rebalanceTimeout, metadataMaxAge, maxWaitTimeInMs, ...others } = consumer;
  const { minBytes, maxBytes, maxBytesPerPartition, allowAutoTopicCreation: autocreateTopics } = others;
  const times = { heartbeatInterval, sessionTimeout, rebalanceTimeout, metadataMaxAge, maxWaitTime: maxWaitTimeInMs };
  return defined({ ...times, minBytes, maxBytes, maxBytesPerPartition, autocreateTopics });
}

function producerOptions(producer: KafkaBrokerOptions['producer'] = {}): PlatformaticProducerOptions {
  const { idempotent, allowAutoTopicCreation, retry } = producer;
  return defined({ idempotent, autocreateTopics: allowAutoTopicCreation, retries: retry?.retries });
}

const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** For what is about kafkajs's own ways, also where the tests run on another client. */
export const ON_KAFKAJS: KafkaChoice = { library: 'kafkajs' };

/** `describe` of what needs @platformatic/kafka. On a Node that is too old for it, a broker says so at its start. */
export function describePlatformatic(title: string, tests: () => void): void {
  if (platformaticUnavailable() === undefined) whenBrokers(describe)(title, tests);
  else describe(title, () => it('needs a newer Node, which the start of a broker says', refused));
}

async function refused(): Promise<void> {
  const definition = platformaticBroker({ name: 'orders', client: { bootstrapBrokers: ['127.0.0.1:1'] } });
  await expect(definition.driver()).rejects.toMatchObject({ code: 'MULTI_BROKER_CLIENT_MISSING' });
}
