export { kafkaBroker, type KafkaBrokerDefinition } from './kafka-broker.js';
export type { KafkaNative } from './native.js';
export type { KafkaBrokerOptions, KafkaSettings } from './options.js';
export { topic, type TopicOptions, type TopicSource } from './topic.js';
export type { NewTopicOptions } from './wanted-topics.js';
