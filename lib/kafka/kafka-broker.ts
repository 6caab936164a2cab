import { type Driver, withoutClient } from '../driver/index.js';
import { describeServer } from './describe.js';
import { type KafkaDefinition, kafkaKind } from './kafka-kind.js';
import { loadClient } from './load-client.js';
import type { KafkaBrokerOptions, KafkaSettings } from './options.js';
import { optionProblems } from './validate-options.js';

/** Definition of a Kafka broker, made by {@link kafkaBroker}. */
export type KafkaBrokerDefinition = KafkaDefinition<KafkaSettings>;

const defineKafka = kafkaKind<KafkaBrokerOptions, KafkaSettings>({
  settings: withoutClient,
  validate: optionProblems,
  describe: describeServer,
  driver: makeDriver,
});

/**
 * Defines a Kafka broker. Nothing is dialled and kafkajs is not loaded before the broker connects. The client's
 * options, which hold credentials, are kept where neither printing nor JSON finds them.
 */
export function kafkaBroker(options: KafkaBrokerOptions): KafkaBrokerDefinition {
  return defineKafka(options);
}

async function makeDriver(options: KafkaBrokerOptions): Promise<Driver> {
  const kafkajs = await loadClient(options.name);
  const { kafkajsClient } = await import('./driver/kafkajs/adapter.js');
  const { KafkaDriver } = await import('./driver/kafka-driver.js');
  return new KafkaDriver(kafkajsClient(kafkajs, options), withoutClient(options));
}
