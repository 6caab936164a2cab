import { randomUUID } from 'node:crypto';
import { type ConformanceTarget, systemClock } from 'nestjs-multi-broker/driver';
// Copied here from test/conformance/third-driver when the application is made.
import { queue, queueBroker } from './third-driver/definition.js';

const definition = queueBroker({ name: 'conformance' });

export const target: ConformanceTarget = {
  name: 'third driver',
  clock: systemClock,
  makeDriver: () => definition.driver(),
  makePlace() {
    const name = randomUUID();
    return {
      source: ({ group = randomUUID(), ...options } = {}) => definition.source(queue(name, { group, ...options })),
      destination: definition.destination(name),
    };
  },
  features: {
    durable: true,
    again: 'server',
    waits: true,
    groups: true,
    emptyIsNotNull: true,
    dedupes: false,
    request: false,
    tooLargeBytes: 2_000_000,
    twin: false,
  },
};
