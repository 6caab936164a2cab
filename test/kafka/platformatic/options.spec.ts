import { describe, expect, it } from '@jest/globals';

import { kafkaBroker, type PlatformaticBrokerOptions, topic } from '../../../lib/kafka/platformatic.js';

const client = { bootstrapBrokers: ['localhost:9092'] };
const problems = (options: Partial<PlatformaticBrokerOptions>): string =>
  kafkaBroker({ name: 'orders', client, ...options })
    .problems()
    .join('\n');

describe('the options of a broker of @platformatic/kafka', () => {
  it.each<[string, Partial<PlatformaticBrokerOptions>, RegExp]>([
    ['no server', { client: { bootstrapBrokers: [] } }, /bootstrapBrokers has to list/],
    ['a server without a port', { client: { bootstrapBrokers: ['localhost'] } }, /"localhost" is no host:port/],
    ['a TLS that verifies nothing', { client: { ...client, tls: { rejectUnauthorized: false } } }, /allowInsecure/],
    ['the same by its other name', { client: { ...client, ssl: { rejectUnauthorized: false } } }, /allowInsecure/],
    ['an empty group', { groupId: '' }, /groupId is empty/],
    ['heartbeats that are too rare', { consumer: { heartbeatInterval: 20_000 } }, /heartbeatInterval/],
    ['a rebalance shorter than a session', { consumer: { rebalanceTimeout: 1_000 } }, /rebalanceTimeout/],
    ['a time of 0', { consumer: { maxWaitTime: 0 } }, /consumer\.maxWaitTime/],
    ['an option of kafkajs', { consumer: { maxWaitTimeInMs: 5 } as object }, /maxWaitTimeInMs/],
    ['a transaction', { producer: { transactionalId: 'a' } as object }, /transactions are not offered/],
  ])('are refused with %s', (_what, options, problem) => {
    expect(problems(options)).toMatch(problem);
  });

  it('show nothing of an address that may hold a password', () => {
    const told = problems({ client: { bootstrapBrokers: ['user:secret@localhost:9092'] } });
    expect(told).toMatch(/client\.sasl/);
    expect(told).not.toMatch(/secret/);
  });

  it('take the times of the classic protocol for nothing where the server decides on them (KIP-848)', () => {
    expect(problems({ consumer: { groupProtocol: 'consumer', rebalanceTimeout: 1_000 } })).toBe('');
  });

  it('make a kind of kafka, whose sources are the same', () => {
    const definition = kafkaBroker({ name: 'orders', groupId: 'billing', client });
    expect(definition.kind).toBe('kafka');
    expect(definition.source(topic('created'))).toMatchObject({ address: 'created', groupId: 'billing' });
  });

  it('are described without a secret', () => {
    const sasl = { mechanism: 'SCRAM-SHA-256', username: 'u', password: 'secret' } as const;
    const definition = kafkaBroker({ name: 'orders', client: { ...client, tls: {}, sasl } });
    expect(definition.describe?.()).toEqual({
      protocol: 'kafka-secure',
      tls: true,
      hosts: ['localhost:9092'],
      security: ['scramSha256'],
    });
    expect(JSON.stringify(definition)).not.toContain('secret');
  });
});
