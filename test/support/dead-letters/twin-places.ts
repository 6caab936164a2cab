import { stream, toStream } from '../../../lib/nats/index.js';
import { events, orders } from '../test-app.js';
import type { World } from './scenarios.js';

/** Places on twins: each test has twins of its own, so that their names need not be unique. */
export const twinPlaces: Omit<World, 'pass'> = {
  real: false,
  definitions: () => [orders, events],
  kafka: async (name) => ({ broker: 'orders', source: name, destination: name, address: name }),
  jetstream: async (name) => ({
    broker: 'events',
    source: stream(name.toUpperCase(), { durable: 'd', subjects: [name] }),
    destination: toStream(name),
    address: name,
  }),
  core: async (name) => ({ broker: 'events', source: name, destination: name, address: name }),
};
