import { defineKind, type Driver, type KindDefinition, withoutClient } from '../driver/index.js';
import { describeServer, describeSource, describeTopic } from './describe.js';
import { destinationSpec, type KafkaDestinationSpec } from './destination-spec.js';
import { loadClient } from './load-client.js';
import { kafkaNeeds } from './needs.js';
import type { KafkaBrokerOptions, KafkaSettings } from './options.js';
import {
  clash,
  feeds,
  type KafkaSourceSpec,
  keptBy,
  origin,
  readBy,
  sourceSpec,
  TOPIC_OPTIONS,
} from './source-spec.js';
import { prefixedTopic, topic, type TopicOptions, type TopicSource } from './topic.js';
import { optionProblems } from './validate-options.js';

declare module '../driver/index.js' {
  interface BrokerKinds {
    kafka: { source: TopicSource; destination: never; settings: TopicOptions };
  }
}

/** Definition of a Kafka broker, made by {@link kafkaBroker}. */
export type KafkaBrokerDefinition = KindDefinition<'kafka', KafkaSettings, KafkaSourceSpec, KafkaDestinationSpec>;

const defineKafka = defineKind<'kafka', KafkaBrokerOptions, KafkaSettings, KafkaSourceSpec, KafkaDestinationSpec>({
  kind: 'kafka',
  settings: withoutClient,
  validate: optionProblems,
  source: sourceSpec,
  sourceOptions: { names: Object.keys(TOPIC_OPTIONS), of: topic },
  prefixed: prefixedTopic,
  destination: destinationSpec,
  conflict: clash,
  feeds,
  readBy,
  keptBy,
  origin,
  describe: describeServer,
  describeSource,
  describeDestination: ({ address, placeholders }, settings) =>
    placeholders === undefined ? describeTopic(address, settings) : {},
  needs: kafkaNeeds,
  driver: makeDriver,
  loadTwin: async () => {
    const { KafkaTwin } = await import('./twin/kafka-twin.js');
    return (settings) => new KafkaTwin(settings);
  },
});

/**
 * Defines a Kafka broker. Nothing is dialled and kafkajs is not loaded before the broker connects. The client's
 * options, which hold credentials, are kept where neither printing nor JSON finds them.
 */
export function kafkaBroker(options: KafkaBrokerOptions): KafkaBrokerDefinition {
  return defineKafka(options);
}

async function makeDriver(options: KafkaBrokerOptions): Promise<Driver> {
  const client = await loadClient(options.name);
  const { KafkaDriver } = await import('./driver/kafka-driver.js');
  return new KafkaDriver(client, options);
}
