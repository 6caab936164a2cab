export { kafkaBroker, type KafkaBrokerDefinition } from './kafka-broker.js';
export type { KafkaNative } from './load-client.js';
export type { KafkaBrokerOptions, KafkaSettings, NewTopicOptions } from './options.js';
export { topic, type TopicOptions, type TopicSource } from './topic.js';
