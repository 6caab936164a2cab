import { kafkaLacks } from './kafka-install.mjs';
import { kafkaAnswers, proveKafka } from './kafka-ready.mjs';
import { kafkaLog, prepareKafkaNode, startKafkaNode } from './kafka-server.mjs';
import { natsLacks } from './nats-install.mjs';
import { natsAnswers, proveNats } from './nats-ready.mjs';
import { natsLog, prepareNatsServer, startNatsServer } from './nats-server.mjs';
import { host, ports } from './paths.mjs';

/**
 * The servers that tests share: how each is named, reached, started natively, and proved.
 * `started` is told the pid of each process at once, so that it can be ended whatever comes next.
 */
const kafka = (name, variable, port, controllerPort, clusterId) => ({
  name,
  variable,
  address: [`${host}:${port}`],
  lacks: kafkaLacks,
  answers: (address) => kafkaAnswers(address),
  prove: proveKafka,
  log: kafkaLog,
  async start(folder, started) {
    const node = { folder, id: 1, port, controllerPort, clusterId, replicas: 1, heap: '512m' };
    await prepareKafkaNode(node, started);
    return startKafkaNode(node, started);
  },
});

export const systems = {
  kafka: kafka('kafka', 'KAFKA_BROKERS', ports.kafka, ports.kafkaController, 'YnJva2Vycy11cC1rYWZrMQ'),
  kafka2: kafka('kafka2', 'KAFKA_BROKERS_2', ports.kafka2, ports.kafka2Controller, 'YnJva2Vycy11cC1rYWZrMg'),
  nats: {
    name: 'nats',
    variable: 'NATS_URL',
    address: [`nats://${host}:${ports.nats}`],
    lacks: natsLacks,
    answers: ([url]) => natsAnswers(url),
    prove: ([url]) => proveNats(url),
    log: natsLog,
    async start(folder, started) {
      prepareNatsServer({ folder, port: ports.nats, jetstream: true });
      return startNatsServer({ folder }, started);
    },
  },
};
