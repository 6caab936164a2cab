import { describe, it } from '@jest/globals';
import { brokersUnavailable, realBrokers, whenBrokers } from '../../support/real-brokers.js';

// The spec of sample 04 once more, as its reader would run it: with `BROKERS=real`.
if (brokersUnavailable() === undefined) {
  const { kafka, nats } = realBrokers();
  Object.assign(process.env, { BROKERS: 'real', KAFKA_BROKERS: kafka.join(), NATS_URL: nats });
  await import('../../../sample/04-dead-letters/src/dead-letters.spec.js');
} else {
  whenBrokers(describe)('dead letters', () => it('are parked, listed and redriven', () => {}));
}
