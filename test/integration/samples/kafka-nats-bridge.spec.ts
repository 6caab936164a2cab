import { describe, it } from '@jest/globals';
import { brokersUnavailable, realBrokers, whenBrokers } from '../../support/real-brokers.js';

// The spec of sample 01 once more, as its reader would run it: with `BROKERS=real`.
if (brokersUnavailable() === undefined) {
  const { kafka, nats } = realBrokers();
  Object.assign(process.env, { BROKERS: 'real', KAFKA_BROKERS: kafka.join(), NATS_URL: nats });
  await import('../../../sample/01-kafka-nats-bridge/src/bridge.spec.js');
} else {
  whenBrokers(describe)('the bridge', () => it('brings what arrives at Kafka to NATS', () => {}));
}
