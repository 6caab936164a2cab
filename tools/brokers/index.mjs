// What tests use of the tools; typed in index.d.mts.
export { certificateLacks, makeCertificate } from './certificate.mjs';
export { ensureBrokers } from './ensure-brokers.mjs';
export { kafkaLacks } from './kafka-install.mjs';
export { kafkaAnswers, proveKafka } from './kafka-ready.mjs';
export { kafkaLog, prepareKafkaNode, startKafkaNode } from './kafka-server.mjs';
export { makeKeystore } from './keystore.mjs';
export { natsLacks } from './nats-install.mjs';
export { natsLog, prepareNatsServer, startNatsServer } from './nats-server.mjs';
export { host } from './paths.mjs';
export { tail } from './process.mjs';
export { readRecord } from './records.mjs';
