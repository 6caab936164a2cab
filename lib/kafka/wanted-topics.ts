import { addressOf } from '../driver/index.js';
import type { KafkaSettings } from './options.js';
import { topicProblem } from './topic-name.js';

/** How a topic is made that is missing at the start. */
export interface NewTopicOptions {
  readonly partitions: number;
  /** Replicas of each partition. Default: the cluster's own (`default.replication.factor`). */
  readonly replication?: number;
  /** The topic's own settings, as Kafka names them: `{ 'retention.ms': '86400000' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A topic that has to be there. */
export interface WantedTopic extends NewTopicOptions {
  readonly name: string;
}

/** The topics that a broker's options want to be there. */
export function wantedTopics({ topics = {}, addresses }: Pick<KafkaSettings, 'topics' | 'addresses'>): WantedTopic[] {
  return Object.entries(topics).map(([name, options]) => ({ ...options, name: addressOf(name, addresses) }));
}

const OPTIONS = ['partitions', 'replication', 'config'];

/** What is wrong with `topics`, a sentence each. */
export function wantedTopicProblems({ topics, addresses }: Pick<KafkaSettings, 'topics' | 'addresses'>): string[] {
  if (topics === undefined) return [];
  if (!isObject(topics)) return ['topics has to be an object: { incoming: { partitions: 6 } }'];
  const names = new Map<string, string>();
  return Object.entries(topics).flatMap(([key, options]) => {
    const name = addressOf(key, addresses);
    const other = names.get(name);
    names.set(name, key);
    return [
      ...(other === undefined ? [] : [`topics.${key} and topics.${other} are the same topic '${name}'`]),
      ...nameProblems(key, name),
      ...optionProblems(`topics.${key}`, options),
    ];
  });
}

function nameProblems(key: string, name: string): string[] {
  const problem = topicProblem(name);
  return problem === undefined ? [] : [`topics.${key}: the topic ${JSON.stringify(name)} ${problem}`];
}

function optionProblems(of: string, options: unknown): string[] {
  if (!isObject(options)) return [`${of} has to be an object: { partitions: 6 }`];
  const { partitions, replication, config } = options as Partial<Record<keyof NewTopicOptions, unknown>>;
  const unknown = Object.keys(options).filter((option) => !OPTIONS.includes(option));
  return [
    ...unknown.map((option) => `${of}.${option} is no option: there are ${OPTIONS.join(', ')}`),
    ...(isCount(partitions) ? [] : [`${of}.partitions has to be a whole number above 0`]),
    ...(replication === undefined || isCount(replication)
      ? []
      : [`${of}.replication has to be a whole number above 0`]),
    ...configProblems(`${of}.config`, config),
  ];
}

function configProblems(of: string, config: unknown): string[] {
  if (config === undefined) return [];
  if (!isObject(config)) return [`${of} has to be an object: { 'retention.ms': '86400000' }`];
  const bad = Object.entries(config).filter(([, value]) => typeof value !== 'string');
  return bad.map(([name]) => `${of}: the value of '${name}' has to be a string`);
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
