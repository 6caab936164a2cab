import { type Driver, withoutClient } from '../../driver/index.js';
import { type KafkaDefinition, kafkaKind } from '../kafka-kind.js';
import { describeServer } from './describe.js';
import type { PlatformaticBrokerOptions, PlatformaticSettings } from './options.js';
import { optionProblems } from './validate-options.js';

/** Definition of a Kafka broker by @platformatic/kafka, made by {@link kafkaBroker}. */
export type PlatformaticBrokerDefinition = KafkaDefinition<PlatformaticSettings>;

const define = kafkaKind<PlatformaticBrokerOptions, PlatformaticSettings>({
  settings: withoutClient,
  validate: optionProblems,
  describe: describeServer,
  driver: makeDriver,
});

/**
 * Defines a Kafka broker that is carried by @platformatic/kafka, which needs Node 22.22 or newer. Nothing is dialled and the
 * package is not loaded before the broker connects. The client's options, which hold credentials, are kept where neither
 * printing nor JSON finds them.
 */
export function kafkaBroker(options: PlatformaticBrokerOptions): PlatformaticBrokerDefinition {
  return define(options);
}

async function makeDriver(options: PlatformaticBrokerOptions): Promise<Driver> {
  const { loadPlatformatic } = await import('../driver/platformatic/load.js');
  const platformatic = await loadPlatformatic(options.name);
  const { ClientOfPlatformatic } = await import('../driver/platformatic/client.js');
  const { KafkaDriver } = await import('../driver/kafka-driver.js');
  return new KafkaDriver(new ClientOfPlatformatic(platformatic, options), withoutClient(options));
}
