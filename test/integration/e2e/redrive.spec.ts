import { describe } from '@jest/globals';
import { topic } from '../../../lib/kafka/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { redriveScenarios, type RedriveWorld } from '../../support/dead-letters/redrive-scenarios.js';
import { createTopic, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { events, orders } from './support.js';

const streams = new Map<string, string>();

const servers: RedriveWorld = {
  real: true,
  definitions: () => [orders({ commitIntervalMs: 100 }), events()],
  kafka: async (name) => {
    const made = await createTopic(uniqueName(name));
    return { broker: 'orders', source: made, destination: made, address: made };
  },
  jetstream: async (name) => {
    const [subject, streamName] = [uniqueName(name), uniqueName('STREAM')];
    streams.set(subject, streamName);
    const source = stream(streamName, { durable: 'd', subjects: [subject], storage: 'memory' });
    return { broker: 'events', source, destination: toStream(subject), address: subject };
  },
  core: async (name) => {
    const subject = uniqueName(name);
    return { broker: 'events', source: subject, destination: subject, address: subject };
  },
  another: ({ broker, address }) => {
    if (broker === 'orders') return topic(address, { groupId: uniqueName('audit') });
    return stream(streams.get(address) ?? '', { durable: 'audit', subjects: [address], storage: 'memory' });
  },
};

whenBrokers(describe)('on real servers', () => redriveScenarios(servers));
