import {
  addressOf,
  bareOf,
  isPath,
  type DestinationSpec,
  type PublishedTo,
  refuseUnknown,
  type SeveralAddresses,
  type Source,
  type SourceSpec,
} from '../driver/index.js';
import { errorOf, type OptionNames, phrase, requireName } from '../errors/index.js';
import type { KafkaCommonSettings } from './settings.js';
import { refuseBadTopic, topic, type TopicOptions, type TopicSource } from './topic.js';
import { paramsOf, TopicPath, TopicPattern } from './topic-pattern.js';

const NO_NAMES: readonly string[] = [];

export const TOPIC_OPTIONS: OptionNames<TopicOptions> = { groupId: true, fromBeginning: true };

/** A topic, or the topics that a pattern matches, read by one group; resolved for one broker. */
export interface KafkaSourceSpec extends SourceSpec {
  readonly kind: 'kafka';
  readonly topic: string | TopicPattern;
  readonly groupId: string;
  readonly fromBeginning: boolean;
  readonly durable: true;
}

/** Resolves the source that a decorator names. Throws MULTI_BROKER_WRONG_KIND, _ADDRESS_INVALID or _OPTION_INVALID. */
export function sourceSpec(from: string | Source, broker: KafkaCommonSettings): KafkaSourceSpec {
  requireName(from, 'the topic', { broker: broker.name });
  const source = typeof from === 'string' ? topic(from) : topicSource(from, broker.name);
  const name = realTopic(source, broker);
  const groupId = groupOf(source, broker);
  const shown = String(name);
  return {
    kind: 'kafka',
    name: `topic ${shown} (group ${groupId})`,
    address: shown,
    bareAddress: typeof name === 'string' ? bareOf(name, broker.prefix) : undefined,
    addresses: typeof name === 'string' ? undefined : addressesOf(name, broker.prefix),
    paramNames: typeof name === 'string' ? NO_NAMES : name.paramNames,
    topic: name,
    groupId,
    fromBeginning: source.fromBeginning ?? broker.fromBeginning ?? true,
    durable: true,
    sharedBy: `group ${groupId}`,
  };
}

function addressesOf({ example }: TopicPattern, prefix = ''): SeveralAddresses {
  return { example: example.slice(prefix.length), prefix };
}

/**
 * The topic of dead letters as this group reads it. A RegExp and a path are refused: what a group is done with is kept by
 * topic.
 */
export function readBy(from: string | Source, reader: string, broker: KafkaCommonSettings): KafkaSourceSpec {
  requireName(from, 'the topic of dead letters', { broker: broker.name });
  const named = typeof from === 'string' ? topic(from) : topicSource(from, broker.name);
  const spec = sourceSpec({ ...named, groupId: reader, fromBeginning: true } as TopicSource, broker);
  if (typeof spec.topic === 'string') return spec;
  const params = { broker: broker.name, pattern: String(named.topic) };
  throw errorOf('MULTI_BROKER_OPTION_INVALID.kafkaDeadLetters', params);
}

/** A topic keeps what is written to it; a path is many topics. */
export function keptBy(
  { address, placeholders }: DestinationSpec,
  _: unknown,
  { prefix = '' }: KafkaCommonSettings,
): string | undefined {
  return placeholders === undefined ? address.slice(prefix.length) : undefined;
}

/** A record of this topic was published to it. */
export function origin(address: string, { topic: from }: KafkaSourceSpec): PublishedTo {
  const to = { kind: 'kafka', name: `topic ${address}`, address, dedupes: false };
  return { to, params: paramsOf(from, address) };
}

function topicSource(from: Source, broker: string): TopicSource {
  if (isTopicSource(from)) {
    refuseUnknown(from, 'topic()', TOPIC_OPTIONS, ['kind', 'topic', 'prefix'], broker);
    return from;
  }
  throw errorOf('MULTI_BROKER_WRONG_KIND.kafkaSource', { broker, kind: from.kind });
}

function isTopicSource(from: Source): from is TopicSource {
  return from.kind === 'kafka' && 'topic' in from;
}

function realTopic({ topic: named, prefix = '' }: TopicSource, broker: KafkaCommonSettings): string | TopicPattern {
  requireName(named, 'the topic of topic()', { broker: broker.name });
  if (typeof named !== 'string') return new TopicPattern(named, `${broker.prefix ?? ''}${prefix}`);
  const name = addressOf(named, broker.addresses, broker.prefix);
  refuseBadTopic(name, broker.name);
  return isPath(name) ? new TopicPath(name) : name;
}

function groupOf(source: TopicSource, broker: KafkaCommonSettings): string {
  const groupId = source.groupId ?? broker.groupId;
  if (groupId !== undefined && groupId !== '') return groupId;
  throw errorOf('MULTI_BROKER_OPTION_INVALID.kafkaNoGroup', { topic: String(source.topic), broker: broker.name });
}

/** Why two handlers of one broker would each get only some of the messages, or undefined. */
export function clash(one: KafkaSourceSpec, other: KafkaSourceSpec): string | undefined {
  if (one.groupId !== other.groupId || !overlap(one.topic, other.topic)) return undefined;
  return phrase('kafkaOverlap', { one: one.address, other: other.address, group: one.groupId });
}

/** Whether the source reads the topic. */
export function feeds({ address }: DestinationSpec, { topic: from }: KafkaSourceSpec): boolean {
  return typeof from === 'string' ? from === address : from.matches(address);
}

/** Two different patterns are compared at the start, when the topics are known. */
function overlap(one: string | TopicPattern, other: string | TopicPattern): boolean {
  if (typeof one === 'string') return typeof other === 'string' ? one === other : other.matches(one);
  return typeof other === 'string' ? one.matches(other) : String(one) === String(other);
}
