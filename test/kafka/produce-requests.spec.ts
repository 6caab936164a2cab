import { createRequire } from 'node:module';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import * as kafkajs from 'kafkajs';
import { clientMaker } from '../../lib/kafka/driver/kafkajs/client.js';
import { writeProduceRequests } from '../../lib/kafka/driver/kafkajs/produce-requests.js';
import { produceRequest, type ProduceRequest } from '../../lib/kafka/driver/wire/produce-request.js';
import { recordingIo } from '../support/kafka/connected.js';

const require = createRequire(import.meta.url);

type Encode = () => Promise<{ readonly buffer: Buffer }>;

/** kafkajs's own request. */
function stock(version: number, args: ProduceRequest): { encode: Encode } {
  const request = require(`kafkajs/src/protocol/requests/produce/v${version}/request`) as (args: object) => {
    encode: Encode;
  };
  return request(args);
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 200 });
const data = fc.oneof(text, bytes);
const header = fc.oneof(data, fc.array(data, { maxLength: 3 }));
const headers = fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', '7', 'constructor')), header, { maxKeys: 4 });
const message = fc.record(
  { key: fc.option(data), value: fc.option(data), headers, partition: fc.nat(9) },
  { requiredKeys: ['value'] },
);
const partition = fc.record(
  {
    partition: fc.oneof(fc.nat(1_000), fc.nat(9).map(String)),
    messages: fc.array(message, { minLength: 1, maxLength: 9 }),
  },
  { requiredKeys: ['partition', 'messages'] },
);
const topicData = fc.array(
  fc.record({ topic: fc.string({ minLength: 1 }), partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 3 },
);
const producer = fc.constantFrom<Partial<ProduceRequest>>(
  {},
  { producerId: -1, producerEpoch: 0 },
  { producerId: '9007199254740993', producerEpoch: 7 },
  { producerId: '12', producerEpoch: 1, transactionalId: 'déjà' },
);
const request = fc
  .record({ topicData, producer, acks: fc.constantFrom(-1, 0, 1), timeout: fc.nat() })
  .map(({ producer: by, topicData: topics, ...rest }) => ({
    ...by,
    ...rest,
    topicData: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((one, index) => ({
        ...one,
        firstSequence: by.producerId === undefined ? 0 : index * 70,
      })),
    })),
  }));

/** Both take the time at which they write. */
async function atOneTime<T>(act: () => Promise<T>): Promise<T> {
  const now = jest.spyOn(Date, 'now').mockReturnValue(1_764_000_000_123);
  try {
    return await act();
  } finally {
    now.mockRestore();
  }
}

describe('a produce request', () => {
  it('is byte for byte that of kafkajs, for every key, value, header and producer', async () => {
    await atOneTime(() =>
      fc.assert(
        fc.asyncProperty(request, fc.constantFrom(3, 5, 7), async (args, version) => {
          const [own, theirs] = [await produceRequest(args), (await stock(version, args).encode()).buffer];
          expect(own?.toString('hex')).toBe(theirs.toString('hex'));
        }),
        { numRuns: 100 },
      ),
    );
  });

  it.each([63, 64, 8_191, 8_192, 1_048_576])('is the same where a length of %i takes another byte', async (length) => {
    const value = Buffer.alloc(length, 'x');
    const messages = Array.from({ length: 70 }, (_, index) =>
      index === 0 ? { value, headers: { a: value } } : { value: 'y' },
    );
    const args = requestOf(messages);
    await atOneTime(async () => {
      const [own, theirs] = [await produceRequest(args), (await stock(7, args).encode()).buffer];
      expect(own?.equals(theirs)).toBe(true);
    });
  });
});

const requestOf = (messages: readonly object[], more: Partial<ProduceRequest> = {}) =>
  ({
    acks: -1,
    timeout: 1,
    topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }],
    ...more,
  }) as ProduceRequest;

interface Node {
  lookupRequest: unknown;
  produce(args: ProduceRequest): Promise<{ encode: Encode }>;
}

/** A server of a client's cluster, as far as it makes requests: what it would send is returned. */
function nodeOf(kafka: object, lookupRequest: unknown = lookup({ 0: { minVersion: 0, maxVersion: 7 } })): Node {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.includes('createCluster'))!;
  const { brokerPool } = (kafka as Record<symbol, (options: object) => Cluster>)[symbol]!({});
  const logger = { namespace: () => logger };
  const connectionPool = {
    host: 'node',
    port: 1,
    connectionTimeout: 1,
    send: ({ request }: { request: object }) => request,
  };
  const node = brokerPool.createBroker({ connectionPool, logger });
  node.lookupRequest = lookupRequest;
  return node;
}

interface Cluster {
  readonly brokerPool: { createBroker(options: object): Node };
}

const { lookup } = require('kafkajs/src/protocol/requests') as { lookup(versions: object): unknown };
const client = { brokers: ['node:1'] };
const ours = () => clientMaker(kafkajs, { name: 'orders', client }, recordingIo().io)().parts.kafka;
const theirs = () => new kafkajs.Kafka(client);
const isOurs = async (kafka: object, args: ProduceRequest, found?: unknown) => {
  const { encode } = await nodeOf(kafka, found).produce(args);
  return !/topicEncoder/.test(String(encode));
};

describe('a client of ours', () => {
  const good = requestOf([{ key: 'k', value: 'v', headers: { a: ['1', Buffer.from('2')] } }, { value: null }]);

  it('writes its own produce requests; another user of kafkajs does not', async () => {
    expect([await isOurs(ours(), good), await isOurs(theirs(), good)]).toEqual([true, false]);
  });

  it.each<[string, ProduceRequest]>([
    ['plain', good],
    ['gzipped', { ...good, compression: 1 }],
    ['with a timestamp', requestOf([{ value: 'v', timestamp: '1764000000000' }, { value: 'w' }])],
    ['bytes that are no Buffer', requestOf([{ value: new Uint8Array([1, 2]) }])],
  ])('writes what kafkajs writes: %s', async (_, args) => {
    await atOneTime(async () => {
      const [own, other] = [await nodeOf(ours()).produce(args), await nodeOf(theirs()).produce(args)];
      expect((await own.encode()).buffer.toString('hex')).toBe((await other.encode()).buffer.toString('hex'));
    });
  });

  it.each<[string, ProduceRequest]>([
    ['a header without a value', requestOf([{ value: 'v', headers: { a: null } }])],
    ['a number as the value', requestOf([{ value: 7 }])],
    ['a codec that is not installed', { ...good, compression: 2 }],
  ])('fails as kafkajs does: %s', async (_, args) => {
    const failures = [ours(), theirs()].map(async (kafka) => {
      const { encode } = await nodeOf(kafka).produce(args);
      return encode().then(() => 'written', String);
    });
    const [own, other] = await Promise.all(failures);
    expect(own).toBe(other);
    expect(own).not.toBe('written');
  });

  it('leaves alone what it was not written for: older versions of the request, and other code', async () => {
    const older = lookup({ 0: { minVersion: 0, maxVersion: 2 } });
    const unknown = () => () => ({
      request: { apiVersion: 7, encode: () => 'topicEncoder of another kafkajs' },
      response: {},
    });
    expect([await isOurs(ours(), good, older), await isOurs(ours(), good, unknown)]).toEqual([false, false]);
    expect(writeProduceRequests({}, kafkajs.CompressionCodecs)).toBe(false);
  });
});
