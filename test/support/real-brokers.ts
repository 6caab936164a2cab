// Real servers for tests: the shared ones, and such as a test may kill. All are started by tools/brokers.
export { brokersUnavailable, nativeUnavailable, whenBrokers, whenNative } from './brokers/availability.js';
export { startKafkaCluster, type KafkaCluster } from './brokers/kafka-cluster.js';
export {
  committedOffsets,
  createTopic,
  kafkaClient,
  produce,
  readAll,
  type KafkaRecord,
} from './brokers/kafka-topics.js';
export { startNatsServer, type NatsServerOptions, type NatsUser, type TestNatsServer } from './brokers/nats-server.js';
export { startProxy, type Direction, type Proxy } from './brokers/proxy.js';
export { realBrokers, secondKafka } from './brokers/shared.js';
export { uniqueName } from './brokers/unique-name.js';
export { freePort, freePorts, until } from '../../tools/brokers/index.mjs';
