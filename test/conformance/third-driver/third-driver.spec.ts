import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { conformanceSuite, type ConformanceTarget, systemClock } from 'nestjs-multi-broker/driver';
import { record } from '../support/record.js';
import { queue, queueBroker } from './definition.js';

const definition = queueBroker({ name: 'conformance' });
const unique = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`;

const target: ConformanceTarget = {
  name: 'third driver',
  clock: systemClock,
  makeDriver: () => definition.driver(),
  makePlace() {
    const name = unique('conformance');
    return {
      source: ({ group = unique('group'), ...options } = {}) => definition.source(queue(name, { group, ...options })),
      destination: definition.destination(name),
    };
  },
  invalidAddresses: ['', 'with blank', 'line\nbreak'].map((name) => () => definition.source(name)),
  features: {
    durable: true,
    again: 'server',
    waits: true,
    groups: true,
    emptyIsNotNull: true,
    dedupes: false,
    request: false,
    tooLargeBytes: 2_000_000,
    twin: true,
  },
};

describe('a driver written against the port alone', () => {
  conformanceSuite(target, { test: it, report: record });

  it('imports nothing of the library but its entry for drivers', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.spec.ts'));
    const imports = files.flatMap((file) => {
      const code = readFileSync(path.join(import.meta.dirname, file), 'utf8');
      return [...code.matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, from]) => from!);
    });
    expect(imports).toContain('nestjs-multi-broker/driver');
    expect(imports.filter((from) => !/^(?:\.\/[\w-]+\.js|nestjs-multi-broker\/driver)$/.test(from))).toEqual([]);
  });
});
