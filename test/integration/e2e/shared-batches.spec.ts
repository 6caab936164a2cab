import { describe } from '@jest/globals';
import { topic } from '../../../lib/kafka/index.js';
import { stream, subject, toStream } from '../../../lib/nats/index.js';
import { createTopic, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { sharedBatchScenarios } from '../../support/shared-batch-scenarios.js';
import { deleteStream, events, orders } from './support.js';

whenBrokers(describe)('on real servers', () =>
  sharedBatchScenarios({
    real: true,
    places: {
      'a Kafka topic': async () => {
        const name = await createTopic(uniqueName('shared'), 1);
        return { definition: orders(), source: topic(name), to: name };
      },
      'a durable': async () => {
        const name = uniqueName('shared').replaceAll('-', '_');
        const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
        return { definition: events(), source, to: toStream(`${name}.a`), done: () => deleteStream(name) };
      },
      'a queue group': async () => {
        const name = uniqueName('shared').replaceAll('-', '_');
        return { definition: events(), source: subject(name, { queue: 'q' }), to: name };
      },
    },
    pass: async () => undefined,
  }),
);
