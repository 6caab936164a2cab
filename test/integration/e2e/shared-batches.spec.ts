import { describe } from '@jest/globals';
import { topic } from '../../../lib/kafka/index.js';
import { stream, subject, toStream } from '../../../lib/nats/index.js';
import { createTopic, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { sharedBatchScenarios, type SharedPlace } from '../../support/shared-batch-scenarios.js';
import { deleteStream, events, orders } from './support.js';

/** A stream for letters; it and the others are deleted in the end. */
function parking(name: string, ...others: readonly string[]): Pick<SharedPlace, 'letters' | 'done'> {
  const parked = `${name}_PARKED`;
  const source = stream(parked, { durable: 'l', subjects: [parked], storage: 'memory' });
  const done = async (): Promise<void> => {
    for (const each of [parked, ...others]) await deleteStream(each);
  };
  return { letters: { source, to: toStream(parked) }, done };
}

whenBrokers(describe)('on real servers', () =>
  sharedBatchScenarios({
    real: true,
    places: {
      'a Kafka topic': async () => {
        const name = await createTopic(uniqueName('shared'), 1);
        const parked = await createTopic(`${name}-parked`, 1);
        return {
          definition: orders(),
          source: topic(name),
          to: name,
          letters: { source: topic(parked), to: parked },
        };
      },
      'a durable': async () => {
        const name = uniqueName('shared').replaceAll('-', '_');
        const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
        return { definition: events(), source, to: toStream(`${name}.a`), ...parking(name, name) };
      },
      'a queue group': async () => {
        const name = uniqueName('shared').replaceAll('-', '_');
        return { definition: events(), source: subject(name, { queue: 'q' }), to: name, ...parking(name) };
      },
    },
    pass: async () => undefined,
  }),
);
