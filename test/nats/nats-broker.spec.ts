import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import type { NatsClient } from '../../lib/nats/driver/connection/client-port.js';
import { loadClient } from '../../lib/nats/load-client.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';

// Not in the client's type, but it is passed on.
const insecure: object = { rejectUnauthorized: false };
const broker = natsBroker({ name: 'events', client: {} });

describe('natsBroker', () => {
  it('tells no secret of the client’s options, however it is printed', () => {
    const client = { servers: 'nats://localhost', user: 'u', pass: 'hunter2', token: 'tok3n' };
    const definition = natsBroker({ name: 'events', client, queue: 'app', critical: false });
    const printed = [JSON.stringify(definition), inspect(definition, { depth: 10, showHidden: true })];
    for (const text of printed) expect(text).not.toMatch(/hunter2|tok3n/);
    expect(definition.options).toEqual({ name: 'events', queue: 'app', critical: false });
    expect(definition.critical).toBe(false);
  });

  it('makes drivers that tell no secret either', async () => {
    const driver = await natsBroker({ name: 'events', client: { pass: 'hunter2' } }).driver();
    expect(inspect(driver, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

  it('names the package that is missing', async () => {
    const missing = Object.assign(new Error("Cannot find package 'nats'"), { code: 'ERR_MODULE_NOT_FOUND' });
    const none = () => Promise.reject(missing);
    const loading = loadClient('events', 'nats', { nats: none, '@nats-io': none });
    await expect(loading).rejects.toMatchObject({
      code: 'MULTI_BROKER_CLIENT_MISSING',
      broker: 'events',
      cause: missing,
    });
    await expect(loading).rejects.toThrow('npm install nats');
  });

  it('is carried by the client that is named, and by @nats-io before nats where none is', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    const client = (name: string) => async () => ({ name }) as NatsClient;
    const none = () => Promise.reject(missing);
    const both = { nats: client('nats'), '@nats-io': client('@nats-io') };
    const names = [
      await loadClient('events', 'nats', both),
      await loadClient('events', '@nats-io', both),
      await loadClient('events', undefined, both),
      await loadClient('events', undefined, { ...both, '@nats-io': none }),
    ].map(({ name }) => name);
    expect(names).toEqual(['nats', '@nats-io', '@nats-io', 'nats']);
  });

  it('says what to install where the client that is named is missing, or every one', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    const none = () => Promise.reject(missing);
    const nothing = { nats: none, '@nats-io': none };
    const both = 'npm install @nats-io/transport-node @nats-io/jetstream';
    await expect(loadClient('events', '@nats-io', nothing)).rejects.toThrow(`(${both})`);
    await expect(loadClient('events', undefined, nothing)).rejects.toThrow(`(${both}, or npm install nats)`);
  });

  it('passes on an error of loading that is no missing package', async () => {
    const broken = () => Promise.reject(new SyntaxError('broken'));
    for (const library of [undefined, 'nats', '@nats-io'] as const) {
      await expect(loadClient('events', library, { nats: broken, '@nats-io': broken })).rejects.toThrow(SyntaxError);
    }
  });

  it('finds nothing wrong with usual options', () => {
    expect(broker.problems()).toEqual([]);
  });

  it.each([
    ['debug, which prints the password', { client: { debug: true } }, 'client.debug'],
    ['an end of reconnecting', { client: { maxReconnectAttempts: 5 } }, 'maxReconnectAttempts'],
    ['no reconnecting', { client: { reconnect: false } }, 'client.reconnect'],
    ['a first connect that waits', { client: { waitOnFirstConnect: true } }, 'waitOnFirstConnect'],
    ['servers in one text', { client: { servers: 'nats://a:4222,nats://b:4222' } }, "servers.split(',')"],
    ['credentials in a URL', { client: { servers: ['nats://u:hunter2@host'] } }, 'client.servers'],
    ['TLS without a check', { client: { tls: insecure } }, 'rejectUnauthorized'],
    ['a client that there is not', { client: {}, library: 'nats.js' as never }, 'library'],
    ['a queue with a blank', { client: {}, queue: 'a b' }, 'queue'],
    ['a time-out of nothing', { client: {}, confirmTimeoutMs: 0 }, 'confirmTimeoutMs'],
    ['a time-out that is no number', { client: {}, confirmTimeoutMs: NaN }, 'confirmTimeoutMs'],
  ])('refuses %s', (_, options, named) => {
    const problems = natsBroker({ name: 'events', ...options }).problems();
    expect(problems).toEqual([expect.stringContaining(named)]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each(['ackWaitMs', 'duplicateWindowMs', 'maxAgeMs'])('refuses a stream whose %s is no duration', (option) => {
    for (const value of [NaN, -1, Infinity]) {
      const source = stream('S', { durable: 'd', [option]: value });
      const wrong = expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID' });
      expect(() => broker.source(source)).toThrow(wrong);
    }
  });

  it('allows TLS without a check where that is said twice', () => {
    const client = { tls: insecure };
    expect(natsBroker({ name: 'events', client, allowInsecure: true }).problems()).toEqual([]);
  });

  it('refuses sources and destinations of another kind', () => {
    const wrong = expect.objectContaining({ code: 'MULTI_BROKER_WRONG_KIND' });
    expect(() => broker.source({ kind: 'kafka' })).toThrow(wrong);
    expect(() => broker.destination({ kind: 'kafka' })).toThrow(wrong);
    expect(() => broker.destination(subject('a'))).toThrow(wrong);
  });

  it('reads a plain string as core NATS, in the broker’s queue unless told otherwise', () => {
    const queued = natsBroker({ name: 'events', client: {}, queue: 'app' });
    expect(queued.source('a')).toMatchObject({
      via: 'core',
      queue: 'app',
      durable: false,
      name: 'subject a (queue app)',
    });
    expect(queued.source(subject('a', { queue: 'own' }))).toMatchObject({ queue: 'own' });
    expect(queued.source(subject('a', { queue: false })).name).toBe('subject a');
    expect(broker.source('a').name).toBe('subject a');
  });

  it('says of a stream what it is, and that it keeps messages', () => {
    const source = broker.source(stream('ORDERS', { durable: 'bridge', subjects: ['orders.>'], filter: '>' }));
    expect(source).toMatchObject({
      via: 'jetstream',
      address: 'ORDERS',
      durable: true,
      name: 'stream ORDERS (durable bridge)',
    });
    expect(source).toMatchObject({ consumer: 'bridge', subjects: ['orders.>'], filter: undefined });
  });

  it('says of a destination whether it takes a second message for the first', () => {
    expect(broker.destination('a')).toMatchObject({ via: 'core', dedupes: false, address: 'a' });
    expect(broker.destination(toStream('a', { stream: 'S' }))).toMatchObject({
      via: 'jetstream',
      dedupes: true,
      stream: 'S',
    });
  });
});

describe('two sources of a broker', () => {
  const clash = (one: Parameters<typeof broker.source>[0], other: Parameters<typeof broker.source>[0]) =>
    broker.clash(broker.source(one), broker.source(other));

  it('clash where they read a stream by the same durable', () => {
    expect(clash(stream('S', { durable: 'd' }), stream('S', { durable: 'd', filter: 'a' }))).toContain("durable 'd'");
    expect(clash(stream('S', { durable: 'd' }), stream('S', { durable: 'e' }))).toBeUndefined();
    expect(clash(stream('S', { durable: 'd' }), stream('T', { durable: 'd' }))).toBeUndefined();
  });

  it('clash where they overlap in a queue, and not without one', () => {
    expect(clash(subject('a.*', { queue: 'q' }), subject('a.b', { queue: 'q' }))).toContain("queue 'q'");
    expect(clash(subject('a.*', { queue: 'q' }), subject('b.*', { queue: 'q' }))).toBeUndefined();
    expect(clash(subject('a.*', { queue: 'q' }), subject('a.b', { queue: 'r' }))).toBeUndefined();
    expect(clash('a.*', 'a.b')).toBeUndefined();
    expect(clash('a', stream('S', { durable: 'd' }))).toBeUndefined();
  });
});
