import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MultiBroker } from '../../../lib/index.js';
import { natsBroker, type NatsBrokerOptions, stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import {
  startNatsServer,
  startProxy,
  type TestNatsServer,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';
import { application, orders } from '../e2e/support.js';
import { closeAll, closeLater, Collector, type Logged, start, testIo, text, verdict } from './support.js';
import { natsLibrary } from '../../support/nats-library.js';

jest.setTimeout(60_000);

type Client = NatsBrokerOptions['client'];

const secret = 's3cret';

/** Why it does not connect, with all that was logged; neither tells the secret. */
async function refusal(client: Client): Promise<string> {
  const driver = closeLater(await natsBroker({ name: 'events', library: natsLibrary, client }).driver());
  const logs: Logged[] = [];
  const connecting = driver.connect(testIo([], logs), AbortSignal.timeout(10_000));
  const error = await connecting.then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED', broker: 'events' });
  const told = [error!.message, ...logs.map(({ message }) => message)].join('\n');
  expect(told).not.toContain(secret);
  return told;
}

whenNative(
  describe,
  'nats',
  'certificate',
)('a NATS broker that asks for TLS and a user', () => {
  let server: TestNatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ tls: true, jetstream: true, auth: [{ user: 'app', password: secret }] });
  });
  afterEach(async () => {
    await closeApps();
    await closeAll();
  });
  afterAll(() => server.stop());

  const untrusting = (port = server.port): Client => {
    return { servers: `127.0.0.1:${port}`, user: 'app', pass: secret, reconnectTimeWait: 50 };
  };
  const trusting = (port = server.port): Client => ({ ...untrusting(port), tls: { ca: server.certificate! } });

  it('is written to and read by its client options, core and JetStream', async () => {
    const { driver, definition, subscribe } = await start({ client: trusting() });
    const name = uniqueName('SECURED');
    const [core, durable] = [new Collector(), new Collector(() => 'ack')];
    await subscribe(core, definition.source(`${name}.core`));
    await subscribe(
      durable,
      definition.source(stream(name, { subjects: [`${name}.kept`], durable: 'reader', storage: 'memory' })),
    );
    const sent = [
      await driver.publish(definition.destination(`${name}.core`), [text('one')]),
      await driver.publish(definition.destination(toStream(`${name}.kept`)), [text('two')]),
    ];
    expect(sent.flat().map(verdict)).toEqual(['ok', 'ok']);
    await core.until(1);
    await durable.until(1);
    expect([core.texts, durable.texts]).toEqual([['one'], ['two']]);
  });

  it('has its connection encrypted again after it was lost', async () => {
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition, states, subscribe } = await start({ client: trusting(proxy.port) });
    const sink = new Collector();
    const subject = uniqueName('again');
    await subscribe(sink, definition.source(subject));
    proxy.cut();
    await until(() => states.at(-1) === 'up' && states.length > 1, { what: 'it is connected again' });
    expect((await driver.publish(definition.destination(subject), [text('again')])).map(verdict)).toEqual(['ok']);
    await sink.until(1);
  });

  it('is not trusted without its certificate: the application does not start, and one error says why', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const proxy = closeLater(await startProxy(server.port));
    const events = natsBroker({ name: 'events', library: natsLibrary, client: untrusting(proxy.port) });
    const app = await application([orders(), events], [], { startTimeoutMs: 10_000 });
    const error = await app.init().catch((thrown: unknown) => thrown as Error);
    process.off('unhandledRejection', note);
    expect(error).toMatchObject({
      code: 'MULTI_BROKER_START_FAILED',
      failures: [{ broker: 'events', error: { code: 'MULTI_BROKER_CONNECT_FAILED' } }],
    });
    expect((error as Error).message).toMatch(/'events' did not connect to 127\.0\.0\.1:\d+: self-signed certificate/);
    expect((error as Error).message).not.toContain(secret);
    expect(app.get(MultiBroker).get('orders').health().status).toBe('down');
    await until(() => proxy.connections === 0, { what: 'nothing is dialled any more' });
    expect(unhandled).toEqual([]);
  });

  it('is not trusted under a name that its certificate does not hold', async () => {
    const servers = `localhost:${server.port}`;
    expect(await refusal({ ...trusting(), servers })).toContain('does not match');
  });

  it('tells what is wrong with a certificate of the client, and that TLS is ruled out', async () => {
    expect(await refusal({ ...trusting(), tls: { cert: 'none', key: 'none' } })).toMatch(/PEM|no start line/);
    expect(await refusal({ ...trusting(), tls: { caFile: '/nowhere.pem' } })).toContain("/nowhere.pem doesn't exist");
    expect(await refusal({ ...trusting(), tls: null })).toContain('the server asks for TLS');
  });
});

whenNative(describe, 'nats')('a NATS broker that asks for a token', () => {
  let server: TestNatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ auth: { token: secret } });
  });
  afterEach(closeAll);
  afterAll(() => server.stop());

  it('is written to and read with it', async () => {
    const { driver, definition, subscribe } = await start({ client: { servers: server.url, token: secret } });
    const sink = new Collector();
    await subscribe(sink, definition.source('news'));
    expect((await driver.publish(definition.destination('news'), [text('one')])).map(verdict)).toEqual(['ok']);
    await sink.until(1);
  });

  it('refuses another one, and the error tells neither', async () => {
    const told = await refusal({ servers: server.url, token: `not-${secret}` });
    expect(told).toMatch(/Authorization Violation/i);
  });

  it('never gets it in the clear by who asks for TLS, be it by the URL', async () => {
    const { port, heard } = await plainServer();
    const servers = `127.0.0.1:${port}`;
    expect(await refusal({ servers, token: secret, tls: {} })).toContain('does not offer TLS');
    expect(await refusal({ servers: `tls://${servers}`, token: secret })).toContain('does not offer TLS');
    expect(heard()).toBe('');
  });
});

/** Greets as a NATS server without TLS, and notes what it hears. */
async function plainServer(): Promise<{ port: number; heard: () => string }> {
  let heard = '';
  const listening = createServer((socket) => {
    socket.on('error', () => undefined).on('data', (data: Buffer) => (heard += data.toString()));
    socket.write('INFO {"server_id":"X","version":"2.12.0","proto":1,"headers":true,"max_payload":1048576}\r\n');
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closeLater({ close: async () => void listening.close() });
  return { port: (listening.address() as AddressInfo).port, heard: () => heard };
}
