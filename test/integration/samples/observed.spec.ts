import { describe, it } from '@jest/globals';
import { brokersUnavailable, realBrokers, whenBrokers } from '../../support/real-brokers.js';

// The spec of sample 05 once more, as its reader would run it: with `BROKERS=real`.
if (brokersUnavailable() === undefined) {
  const { kafka, nats } = realBrokers();
  Object.assign(process.env, { BROKERS: 'real', KAFKA_BROKERS: kafka.join(), NATS_URL: nats });
  await import('../../../sample/05-observed/src/observed.spec.js');
} else {
  whenBrokers(describe)('an order', () => it('is one trace over both brokers', () => {}));
}
