import { type ConformanceTarget, systemClock } from 'nestjs-multi-broker/driver';
import { queue, queueBroker } from './definition.js';

const definition = queueBroker({ name: 'conformance' });

export const target: ConformanceTarget = {
  name: 'third driver',
  clock: systemClock,
  makeDriver: () => definition.driver(),
  makePlace() {
    const name = crypto.randomUUID();
    return {
      source: ({ group = crypto.randomUUID(), ...more } = {}) => definition.source(queue(name, { group, ...more })),
      destination: definition.destination(name),
    };
  },
  invalidAddresses: ['', 'with blank', 'line\nbreak'].map((name) => () => definition.source(name)),
  features: {
    durable: true,
    redelivery: 'server',
    backpressure: true,
    groups: true,
    emptyIsNotNull: true,
    dedupes: false,
    request: false,
    tooLargeBytes: 2_000_000,
    twin: true,
  },
};
