import { describe, expect, it } from '@jest/globals';
import type { ClientConnection } from '../../lib/nats/driver/connection/client-port.js';
import type { JetStreamManager } from '../../lib/nats/driver/connection/jetstream-port.js';
import type { BrokerUse } from '../../lib/driver/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { inspectServer } from '../../lib/nats/driver/inspect/index.js';

const broker = natsBroker({ name: 'events', client: {} });
const reads = { sources: [broker.source(stream('ORDERS', { durable: 'billing', subjects: ['orders.>'] }))] };
const writes = { destinations: [broker.destination(toStream('orders.created'))] };

const refused = Object.assign(new Error('no'), { code: 'PERMISSIONS_VIOLATION' });
const notFound = (err_code: number) =>
  Object.assign(new Error('not found'), { api_error: { code: 404, err_code, description: 'not found' } });

interface Server {
  readonly permissions?: object;
  /** No answer about permissions. */
  readonly silent?: boolean;
  readonly streams?: Partial<JetStreamManager['streams']>;
  readonly consumers?: Partial<JetStreamManager['consumers']>;
}

/** What is found on a server that answers so, with a stream and its durable unless it says otherwise. */
async function found(use: Partial<BrokerUse>, { permissions, silent, streams, consumers }: Server = {}) {
  const jsm = {
    streams: {
      info: () => Promise.resolve({ config: { name: 'ORDERS', subjects: ['orders.>'] } }),
      names: () => ({ next: () => Promise.resolve(['ORDERS']) }),
      ...streams,
    },
    consumers: {
      info: () => Promise.resolve({ config: { durable_name: 'billing', ack_policy: 'explicit' } }),
      ...consumers,
    },
  };
  const nc = {
    request: () =>
      silent === true
        ? Promise.reject(new Error('503'))
        : Promise.resolve({ data: Buffer.from(JSON.stringify({ data: { permissions } })) }),
  } as unknown as ClientConnection;
  const client = { manager: () => Promise.resolve(jsm as unknown as JetStreamManager) };
  const all = { sources: [], destinations: [], answered: [], ...use };
  const findings = await inspectServer(client, nc, { name: 'events', client: {} }, all);
  return findings.map(({ problem, what, name }) => `${problem}: ${what} ${name}`);
}

describe('a comparison with a NATS server', () => {
  const mayNotCreate = { publish: { deny: ['$JS.API.STREAM.CREATE.>', '$JS.API.CONSUMER.CREATE.>'] } };

  it('does not ask for the permission to create what is there', async () => {
    expect(await found(reads, { permissions: mayNotCreate })).toEqual([]);
  });

  it('asks for the permission to create what is missing', async () => {
    const info = (): Promise<never> => Promise.reject(notFound(10_014));
    expect(await found(reads, { permissions: mayNotCreate, consumers: { info } })).toEqual([
      'forbidden: subject $JS.API.CONSUMER.CREATE.ORDERS.billing',
      'missing: durable billing of ORDERS',
    ]);
    const none = (): Promise<never> => Promise.reject(notFound(10_059));
    expect(await found(reads, { permissions: mayNotCreate, streams: { info: none } })).toEqual([
      'forbidden: subject $JS.API.STREAM.CREATE.ORDERS',
      'forbidden: subject $JS.API.CONSUMER.CREATE.ORDERS.billing',
      'missing: stream ORDERS',
      'missing: durable billing of ORDERS',
    ]);
  });

  it('does not know which stream captures a subject where this client may not ask, as a start does without', async () => {
    const names = () => ({ next: () => Promise.reject(refused) });
    expect(await found(writes, { streams: { names } })).toEqual(['unknown: subject orders.created']);
  });

  it('takes the {source} of a dead letter at the end for several tokens, and compares none elsewhere', async () => {
    const to = (subject: string) => {
      const destinations = [broker.destination(toStream(subject))];
      return { destinations, lettersOfEach: destinations };
    };
    const publish = { allow: ['dead.*'] };
    const asked: string[] = [];
    const names = (subject: string) => {
      asked.push(subject);
      return { next: () => Promise.resolve(['DEAD']) };
    };
    const streams = { names } as never;
    expect(await found(to('dead.{source}'), { permissions: { publish }, streams })).toEqual([
      'forbidden: subject dead.>',
    ]);
    expect(await found(to('{source}.dead'), { permissions: { publish }, streams })).toEqual([
      'unknown: subject {source}.dead',
    ]);
    expect(asked).toEqual(['dead.>']);
  });

  it('takes the {source} of a publisher for one token, as any other placeholder', async () => {
    const asked: string[] = [];
    const names = (subject: string) => {
      asked.push(subject);
      return { next: () => Promise.resolve(['COPIES']) };
    };
    const destinations = ['copies.{source}', '{source}.copy'].map((one) => broker.destination(toStream(one)));
    const permissions = { publish: { allow: ['copies.*'] } };
    expect(await found({ destinations }, { permissions, streams: { names } })).toEqual(['forbidden: subject *.copy']);
    expect(asked).toEqual(['copies.*', '*.copy']);
  });

  it('does not know the permissions where the server does not tell them', async () => {
    expect(await found(reads, { silent: true })).toEqual(['unknown: permissions events']);
  });
});
