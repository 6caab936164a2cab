export { kafkaBroker, type PlatformaticBrokerDefinition } from './platformatic/broker.js';
export type {
  PlatformaticBrokerOptions,
  PlatformaticClientOptions,
  PlatformaticConsumerOptions,
  PlatformaticNative,
  PlatformaticProducerOptions,
  PlatformaticSettings,
} from './platformatic/options.js';
export type { NewTopicOptions } from './settings.js';
export { topic, type TopicOptions, type TopicSource } from './topic.js';
