import { addressOf } from '../driver/index.js';
import { isCount, isObject, textOf } from '../errors/index.js';
import type { KafkaCommonSettings, NewTopicOptions } from './settings.js';
import { topicProblem } from './topic.js';

/** A topic that has to exist. */
export interface WantedTopic extends NewTopicOptions {
  readonly name: string;
}

type Naming = Pick<KafkaCommonSettings, 'topics' | 'addresses' | 'prefix'>;

/** The topics that have to exist by a broker's options. */
export function wantedTopics({ topics = {}, addresses, prefix }: Naming): WantedTopic[] {
  return Object.entries(topics).map(([name, options]) => ({ ...options, name: addressOf(name, addresses, prefix) }));
}

const OPTIONS = ['partitions', 'replication', 'config'];

/** Problems of the option `topics`, a sentence each. */
export function wantedTopicProblems({ topics, addresses, prefix }: Naming): string[] {
  if (topics === undefined) return [];
  if (!isObject(topics)) return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaTopics', {})];
  const names = new Map<string, string>();
  return Object.entries(topics).flatMap(([key, options]) => {
    const name = addressOf(key, addresses, prefix);
    const other = names.get(name);
    names.set(name, key);
    return [
      ...(other === undefined
        ? []
        : [textOf('MULTI_BROKER_OPTION_INVALID.kafkaSameTopic', { one: key, other, topic: name })]),
      ...nameProblems(key, name),
      ...optionProblems(`topics.${key}`, options),
    ];
  });
}

function nameProblems(key: string, name: string): string[] {
  const problem = topicProblem(name);
  if (problem === undefined) return [];
  return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaTopicName', { key, topic: JSON.stringify(name), problem })];
}

function optionProblems(of: string, options: unknown): string[] {
  if (!isObject(options)) return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaTopicObject', { option: of })];
  const { partitions, replication, config } = options as Partial<Record<keyof NewTopicOptions, unknown>>;
  const unknown = Object.keys(options).filter((option) => !OPTIONS.includes(option));
  return [
    ...unknown.map((option) =>
      textOf('MULTI_BROKER_OPTION_INVALID.kafkaTopicOption', { topic: of, option, known: OPTIONS.join(', ') }),
    ),
    ...(isCount(partitions) ? [] : [textOf('MULTI_BROKER_OPTION_INVALID.kafkaCount', { option: `${of}.partitions` })]),
    ...(replication === undefined || isCount(replication)
      ? []
      : [textOf('MULTI_BROKER_OPTION_INVALID.kafkaCount', { option: `${of}.replication` })]),
    ...configProblems(`${of}.config`, config),
  ];
}

function configProblems(of: string, config: unknown): string[] {
  if (config === undefined) return [];
  if (!isObject(config)) return [textOf('MULTI_BROKER_OPTION_INVALID.kafkaConfigObject', { option: of })];
  const bad = Object.entries(config).filter(([, value]) => typeof value !== 'string');
  return bad.map(([name]) => textOf('MULTI_BROKER_OPTION_INVALID.kafkaConfigValue', { option: of, name }));
}
