import { type KafkaBrokerDefinition, kafkaBroker } from 'nestjs-multi-broker/kafka';
import { kafkaBroker as platformaticBroker } from 'nestjs-multi-broker/kafka/platformatic';
import { kafkaBrokers } from './servers.js';

/** The client of Kafka that is measured: `KAFKA_LIBRARY=@platformatic/kafka`, else `kafkajs`. */
export const isPlatformatic = process.env['KAFKA_LIBRARY'] === '@platformatic/kafka';

/** The broker `kafka`, by that client. */
export function kafkaOf(groupId: string): KafkaBrokerDefinition {
  const common = { name: 'kafka', groupId };
  return isPlatformatic
    ? platformaticBroker({ ...common, client: { bootstrapBrokers: [...kafkaBrokers] } })
    : kafkaBroker({ ...common, client: { brokers: kafkaBrokers } });
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** Why @platformatic/kafka cannot be measured; undefined where it can. */
export const platformaticLacks =
  major > 22 || (major === 22 && minor >= 22)
    ? undefined
    : 'needs Node 22.22: test/nodes/node_modules/node-24/bin/node bench/run.mjs routes --only clients';
