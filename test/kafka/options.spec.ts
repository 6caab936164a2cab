import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';

import { kafkaBroker, type KafkaBrokerOptions } from '../../lib/kafka/index.js';
import { loadClient } from '../../lib/kafka/load-client.js';

const options: KafkaBrokerOptions = { name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } };
const problems = (more: object): readonly string[] => kafkaBroker({ ...options, ...more }).problems();

describe('the options of a Kafka broker', () => {
  it('are in order as documented', () => {
    const consumer = { sessionTimeout: 10_000, heartbeatInterval: 3_000, rebalanceTimeout: 20_000 };
    expect(problems({ consumer, producer: { idempotent: true, maxInFlightRequests: 1 } })).toEqual([]);
    const config = { 'retention.ms': '1' };
    expect(problems({ topics: { a: { partitions: 1 }, b: { partitions: 6, replication: 3, config } } })).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ client: { brokers: [] } }, /client\.brokers/],
    [{ client: { brokers: ['kafka://host'] } }, /no host:port/],
    [{ client: { brokers: ['h:1'], ssl: { rejectUnauthorized: false } } }, /rejectUnauthorized.*allowInsecure/],
    [{ groupId: '' }, /groupId is empty/],
    [{ consumer: { groupId: 'x' } }, /consumer\.groupId/],
    [
      { consumer: { sessionTimeout: 3_000 } },
      /heartbeatInterval \(3000\) has to be at most half of sessionTimeout \(3000\)/,
    ],
    [{ consumer: { heartbeatInterval: 30_000 } }, /heartbeatInterval/],
    [{ consumer: { sessionTimeout: 90_000 } }, /rebalanceTimeout \(60000\)/],
    [{ consumer: { maxWaitTimeInMs: 20_000 } }, /maxWaitTimeInMs/],
    [{ consumer: { minBytes: 20_000_000 } }, /minBytes/],
    [{ consumer: { maxBytes: -1 } }, /maxBytes has to be a number above 0/],
    [{ producer: { idempotent: true, maxInFlightRequests: 5 } }, /maxInFlightRequests has to be 1/],
    [{ producer: { idempotent: true, retry: { retries: 0 } } }, /retries has to be at least 1/],
    [{ producer: { transactionalId: 't' } }, /transactions are not offered/],
    [{ consumer: { retry: { restartOnFailure: async () => true } } }, /restartOnFailure/],
    [{ producer: { createPartitioner: () => () => 0 } }, /createPartitioner/],
    [{ addresses: { in: 'not a topic' } }, /addresses\.in/],
    [{ commitIntervalMs: 0 }, /commitIntervalMs/],
    [{ topics: ['incoming'] }, /topics has to be an object/],
    [{ topics: { incoming: 6 } }, /topics\.incoming has to be an object/],
    [{ topics: { incoming: {} } }, /topics\.incoming\.partitions/],
    [{ topics: { incoming: { partitions: 1.5 } } }, /topics\.incoming\.partitions/],
    [{ topics: { incoming: { partitions: 1, replication: 0 } } }, /topics\.incoming\.replication/],
    [{ topics: { incoming: { partitions: 1, numPartitions: 3 } } }, /topics\.incoming\.numPartitions is no option/],
    [{ topics: { incoming: { partitions: 1, config: { 'retention.ms': 1 } } } }, /'retention\.ms' has to be a string/],
    [{ topics: { 'not a topic': { partitions: 1 } } }, /topics\.not a topic/],
    [
      { topics: { a: { partitions: 1 }, b: { partitions: 2 } }, addresses: { a: 't', b: 't' } },
      /are the same topic 't'/,
    ],
  ])('are refused: %j', (more, what) => {
    const found = problems(more);
    expect(found).toEqual(expect.arrayContaining([expect.stringMatching(what)]));
  });

  it('allow TLS without a check where that is asked for', () => {
    expect(problems({ allowInsecure: true, client: { brokers: ['h:1'], ssl: { rejectUnauthorized: false } } })).toEqual(
      [],
    );
  });

  it.each(['kafka+ssl://user:pw-secret@h:9092', 'user:pw@secret@h:9092', 'user:secret@h'])(
    'refuse the credentials of an address without showing them: %s',
    (address) => {
      const shown = problems({ client: { brokers: [address] } });
      expect(shown).toEqual([expect.stringMatching(/client\.brokers.*client\.sasl/)]);
      expect(shown.join()).not.toContain('secret');
    },
  );

  it('tell no credential when they are printed or sent as JSON', () => {
    const sasl = { mechanism: 'plain', username: 'user-secret', password: 'pass-secret' } as const;
    const definition = kafkaBroker({ ...options, client: { brokers: ['h:1'], sasl, ssl: { key: 'key-secret' } } });
    const shown = [JSON.stringify(definition), inspect(definition, { depth: 10, showHidden: true })].join('\n');
    expect(shown).toContain('orders');
    expect(shown).not.toContain('secret');
  });

  it('without the package kafkajs end in an error that names it', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('no'), { code: 'ERR_MODULE_NOT_FOUND' }));
    await expect(loadClient('orders', missing)).rejects.toMatchObject({
      code: 'MULTI_BROKER_CLIENT_MISSING',
      message: expect.stringContaining('npm install kafkajs'),
    });
  });

  it('hide no other failure of the package', async () => {
    await expect(loadClient('orders', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
