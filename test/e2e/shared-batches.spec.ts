import { describe } from '@jest/globals';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { stream, subject, toStream } from '../../lib/nats/index.js';
import { sharedBatchScenarios } from '../support/shared-batch-scenarios.js';
import { events } from '../support/test-app.js';

const topics = { incoming: { partitions: 1 }, parked: { partitions: 1 } };
const letters = { source: stream('LETTERS', { durable: 'l', subjects: ['parked'] }), to: toStream('parked') };
const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] }, topics });

describe('on twins', () =>
  sharedBatchScenarios({
    real: false,
    places: {
      'a Kafka topic': async () => ({
        definition: orders,
        source: topic('incoming'),
        to: 'incoming',
        letters: { source: topic('parked'), to: 'parked' },
      }),
      'a durable': async () => ({
        definition: events,
        source: stream('IN', { durable: 'd', subjects: ['in.*'] }),
        to: toStream('in.a'),
        letters,
      }),
      'a queue group': async () => ({ definition: events, source: subject('in', { queue: 'q' }), to: 'in', letters }),
    },
    pass: (harness) => harness.clock.advance(1_000),
  }));
