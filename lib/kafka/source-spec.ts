import { addressOf, refuseUnknown, type Source, type SourceSpec } from '../driver/index.js';
import { MultiBrokerError, type OptionNames, requireName } from '../errors/index.js';
import type { KafkaSettings } from './options.js';
import { refuseBadTopic } from './topic-name.js';
import { topic, type TopicOptions, type TopicSource } from './topic.js';

export const TOPIC_OPTIONS: OptionNames<TopicOptions> = { groupId: true, fromBeginning: true };

/** A topic, or the topics that a RegExp matches, read by one group; resolved for one broker. */
export interface KafkaSourceSpec extends SourceSpec {
  readonly kind: 'kafka';
  /** A RegExp here keeps no state: it is neither global nor sticky. */
  readonly topic: string | RegExp;
  readonly groupId: string;
  readonly fromBeginning: boolean;
  readonly durable: true;
}

/** Resolves what a decorator names. Throws MULTI_BROKER_WRONG_KIND, _ADDRESS_INVALID or _OPTION_INVALID. */
export function sourceSpec(from: string | Source, broker: KafkaSettings): KafkaSourceSpec {
  requireName(from, 'the topic', { broker: broker.name });
  const source = typeof from === 'string' ? topic(from) : topicSource(from, broker.name);
  const name = realTopic(source.topic, broker);
  const groupId = groupOf(source, broker);
  const shown = String(name);
  return {
    kind: 'kafka',
    name: `topic ${shown} (group ${groupId})`,
    address: shown,
    topic: name,
    groupId,
    fromBeginning: source.fromBeginning ?? broker.fromBeginning ?? true,
    durable: true,
    sharedBy: `group ${groupId}`,
  };
}

function topicSource(from: Source, broker: string): TopicSource {
  if (isTopicSource(from)) {
    refuseUnknown(from, 'topic()', TOPIC_OPTIONS, ['kind', 'topic'], broker);
    return from;
  }
  const what = `Broker '${broker}' is Kafka and cannot read a source of kind '${from.kind}': use a topic's name or topic()`;
  throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', what, { broker });
}

function isTopicSource(from: Source): from is TopicSource {
  return from.kind === 'kafka' && 'topic' in from;
}

function realTopic(named: string | RegExp, broker: KafkaSettings): string | RegExp {
  requireName(named, 'the topic of topic()', { broker: broker.name });
  if (typeof named !== 'string') return new RegExp(named.source, named.flags.replace(/[gy]/g, ''));
  const name = addressOf(named, broker.addresses);
  refuseBadTopic(name, broker.name);
  return name;
}

function groupOf(source: TopicSource, broker: KafkaSettings): string {
  const groupId = source.groupId ?? broker.groupId;
  if (groupId !== undefined && groupId !== '') return groupId;
  const where = `topic ${String(source.topic)} of broker '${broker.name}'`;
  const what = `No groupId for ${where}: set it in kafkaBroker() or in topic()`;
  throw new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', what, { broker: broker.name });
}
