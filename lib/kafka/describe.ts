import type { PlaceDescription, SecurityMethod, ServerDescription } from '../driver/index.js';
import { type WantedTopic, wantedTopics } from './new-topics.js';
import type { KafkaBrokerOptions } from './options.js';
import type { KafkaCommonSettings } from './settings.js';
import type { KafkaSourceSpec } from './source-spec.js';
import { TopicPath } from './topic-pattern.js';

/** Of AsyncAPI's bindings for Kafka. */
const BINDING = { bindingVersion: '0.5.0' } as const;

export const MECHANISMS: Readonly<Record<string, SecurityMethod>> = {
  plain: 'plain',
  'scram-sha-256': 'scramSha256',
  'scram-sha-512': 'scramSha512',
  oauthbearer: 'oauthBearer',
};

/** Reads the names of the client's options only, and of their values the addresses and the mechanism. */
export function describeServer({ client }: KafkaBrokerOptions): ServerDescription {
  const { brokers, ssl, sasl } = client;
  const tls = ssl !== undefined && ssl !== false;
  const shown = typeof ssl === 'object' && (ssl.cert !== undefined || ssl.pfx !== undefined);
  const security: SecurityMethod[] = shown ? ['x509'] : [];
  if (sasl) security.push(MECHANISMS[sasl.mechanism.toLowerCase()] ?? 'custom');
  return {
    protocol: tls ? 'kafka-secure' : 'kafka',
    tls,
    hosts: Array.isArray(brokers) ? brokers.map(hostOf) : [],
    security,
  };
}

/** Without the scheme and the credentials of a URL: the check of the options refuses it, but a topology comes before it. */
const hostOf = (broker: unknown): string => String(broker).replace(/^(.*:\/\/)?(.*@)?/, '');

export function describeSource({ topic, groupId }: KafkaSourceSpec, settings: KafkaCommonSettings): PlaceDescription {
  const operation = { kafka: { groupId: { type: 'string', enum: [groupId] }, ...BINDING } };
  if (typeof topic === 'string') return { ...describeTopic(topic, settings), operation };
  // The topics of a path are one channel with parameters, those of a RegExp are known to the server only.
  if (topic instanceof TopicPath) return { addresses: [String(topic)], operation };
  return { addresses: [], operation, channelExtensions: { 'x-kafka-topics': String(topic) } };
}

/** With partitions and replicas where the application says how to create the topic. */
export function describeTopic(name: string, settings: KafkaCommonSettings): PlaceDescription {
  const wanted = wantedTopics(settings).find((one) => one.name === name);
  return {
    channel: { kafka: { topic: name, ...(wanted && created(wanted)), ...BINDING } },
    ...(wanted?.config && { channelExtensions: { 'x-kafka-config': wanted.config } }),
  };
}

function created({ partitions, replication }: WantedTopic): object {
  return { partitions, ...(replication !== undefined && { replicas: replication }) };
}
