// What tests and benchmarks use of the tools; typed in index.d.mts.
export { certificateLacks, makeCertificate } from './certificate.mjs';
export { ensureBrokers } from './ensure-brokers.mjs';
export { freePort, freePorts } from './free-port.mjs';
export { kafkaLacks } from './kafka-install.mjs';
export { kafkaAnswers, proveKafka } from './kafka-ready.mjs';
export { natsLacks } from './nats-install.mjs';
export { OwnKafka } from './own-kafka.mjs';
export { OwnNats } from './own-nats.mjs';
export { host } from './paths.mjs';
export { readRecord } from './records.mjs';
export { until } from './until.mjs';
