import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AckPolicy, connect, type JetStreamManager, type NatsConnection, StorageType } from 'nats';
import type { BrokerUse, Finding } from '../../../lib/driver/index.js';
import { natsBroker, type NatsBrokerDefinition, stream, toStream } from '../../../lib/nats/index.js';
import { startNatsServer, type TestNatsServer, uniqueName, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, testIo } from './support.js';
import { natsLibrary } from '../../support/nats-library.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a comparison with a server', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  beforeAll(async () => {
    const limited = {
      publish: { allow: ['$SYS.REQ.USER.INFO', '$JS.API.STREAM.NAMES', '$JS.API.STREAM.INFO.*', 'open.>'] },
      subscribe: { allow: ['_INBOX.>', 'open.>', 'shared.* workers'] },
    };
    const auth = [
      { user: 'all', password: 'pw' },
      { user: 'limited', password: 'pw', permissions: limited },
    ];
    server = await startNatsServer({ jetstream: true, auth });
    nc = await connect({ servers: server.url, user: 'all', pass: 'pw' });
    jsm = await nc.jetstreamManager();
  });
  afterEach(closeAll);
  afterAll(async () => {
    await nc.close();
    await server.stop();
  });

  const brokerOf = (user = 'all', servers = server.url): NatsBrokerDefinition =>
    natsBroker({ name: 'events', library: natsLibrary, client: { servers, user, pass: 'pw' } });
  const inspect = async (definition: NatsBrokerDefinition, use: Partial<BrokerUse>) => {
    const driver = closeLater(await definition.driver());
    const all = { sources: [], destinations: [], answered: [], ...use };
    return driver.inspect!(testIo([], []), all, AbortSignal.timeout(20_000));
  };
  /** Of a durable, as the user `all`. */
  const ofSource = (name: string, options: Omit<Parameters<typeof stream>[1], 'durable'> = {}) => {
    const definition = brokerOf();
    return inspect(definition, { sources: [definition.source(stream(name, { durable: 'd', ...options }))] });
  };
  const ofDestination = (...to: Parameters<typeof toStream>) => {
    const definition = brokerOf();
    return inspect(definition, { destinations: [definition.destination(toStream(...to))] });
  };
  const make = async () => {
    const name = uniqueName('S');
    await jsm.streams.add({ name, subjects: [name, `${name}.*`], storage: StorageType.Memory });
    await jsm.consumers.add(name, { durable_name: 'd', ack_policy: AckPolicy.Explicit, ack_wait: 10e9 });
    return name;
  };
  const shown = (findings: readonly Finding[]) =>
    findings.map(({ problem, what, name, created }) => [problem, what, name, created === true]);

  it('finds nothing where all is there', async () => {
    const name = await make();
    expect(await ofSource(name, { ackWaitMs: 10_000, storage: 'memory', subjects: [name, `${name}.*`] })).toEqual([]);
    expect(await ofDestination(name, { stream: name })).toEqual([]);
    expect(await ofDestination(`${name}.{id}`)).toEqual([]);
  });

  it('finds a stream that is missing, and one that a start creates', async () => {
    const name = uniqueName('S');
    expect(shown(await ofSource(name))).toEqual([['missing', 'stream', name, false]]);
    expect(shown(await ofSource(name, { subjects: [name] }))).toEqual([
      ['missing', 'stream', name, true],
      ['missing', 'durable', `d of ${name}`, true],
    ]);
  });

  it('finds that a start creates a stream for a source that names no subjects, where another source does', async () => {
    const definition = brokerOf();
    const name = uniqueName('S');
    const reads = definition.source(stream(name, { durable: 'reads' }));
    const creates = definition.source(stream(name, { durable: 'd', subjects: [name] }));
    expect(shown(await inspect(definition, { sources: [reads, creates] }))).toEqual([
      ['missing', 'durable', `reads of ${name}`, true],
      ['missing', 'stream', name, true],
      ['missing', 'durable', `d of ${name}`, true],
    ]);
  });

  it('finds a durable that is missing, and creates nothing', async () => {
    const name = await make();
    await jsm.consumers.delete(name, 'd');
    expect(shown(await ofSource(name))).toEqual([['missing', 'durable', `d of ${name}`, true]]);
    expect(await jsm.consumers.list(name).next()).toEqual([]);
  });

  it('finds every option that differs', async () => {
    const name = await make();
    const findings = await ofSource(name, { subjects: [name], storage: 'file', ackWaitMs: 5_000, maxDeliver: 3 });
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'differs', what: 'stream', text: expect.stringMatching(/subjects.*storage/) }),
      expect.objectContaining({
        problem: 'differs',
        what: 'durable',
        text: expect.stringMatching(/ackWaitMs.*maxDeliver/),
      }),
    ]);
  });

  it('finds a filter that matches nothing', async () => {
    const name = await make();
    expect(await ofSource(name, { filter: 'elsewhere' })).toEqual([
      expect.objectContaining({ problem: 'differs', text: expect.stringContaining('elsewhere matches none') }),
    ]);
  });

  it('finds a subject that no stream captures, or another one', async () => {
    const name = await make();
    const other = uniqueName('nowhere');
    expect(shown(await ofDestination(other))).toEqual([['missing', 'subject', other, false]]);
    expect(shown(await ofDestination(name, { stream: 'OTHER' }))).toEqual([['differs', 'subject', name, false]]);
  });

  it('expects a stream that a start creates to capture the subject', async () => {
    const definition = brokerOf();
    const name = uniqueName('S');
    const source = definition.source(stream(name, { durable: 'd', subjects: [`${name}.>`] }));
    const findings = await inspect(definition, {
      sources: [source],
      destinations: [definition.destination(toStream(`${name}.one`))],
    });
    expect(shown(findings)).toContainEqual(['missing', 'subject', `${name}.one`, true]);
  });

  it('finds what this client is not permitted', async () => {
    const name = await make();
    const definition = brokerOf('limited');
    const findings = await inspect(definition, {
      sources: [
        definition.source(stream(name, { durable: 'd' })),
        definition.source('open.orders'),
        definition.source('closed.orders'),
        definition.source({ kind: 'nats', via: 'core', pattern: 'shared.a', queue: 'workers' } as never),
        definition.source({ kind: 'nats', via: 'core', pattern: 'shared.b', queue: 'others' } as never),
      ],
      destinations: ['open.prices', 'closed.prices'].map((to) => definition.destination(to)),
    });
    expect(findings.every(({ problem }) => problem === 'forbidden')).toBe(true);
    expect(findings.map((finding) => finding.name)).toEqual([
      `$JS.API.CONSUMER.INFO.${name}.d`,
      `$JS.API.CONSUMER.MSG.NEXT.${name}.d`,
      `$JS.ACK.${name}.d.>`,
      'closed.orders',
      'shared.b',
      'closed.prices',
      `d of ${name}`,
    ]);
  });

  it('says so where there is no JetStream', async () => {
    const without = await startNatsServer();
    closeLater({ close: () => without.stop() });
    const definition = brokerOf('all', without.url);
    const findings = await inspect(definition, { sources: [definition.source(stream('S', { durable: 'd' }))] });
    expect(shown(findings)).toContainEqual(['missing', 'JetStream', 'events', false]);
  });

  it('rejects where no server answers', async () => {
    await expect(inspect(brokerOf('all', 'nats://127.0.0.1:1'), {})).rejects.toMatchObject({
      code: 'MULTI_BROKER_CONNECT_FAILED',
    });
  });
});
