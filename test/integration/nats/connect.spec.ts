import { createServer, type AddressInfo, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { natsBroker, type NatsBrokerOptions } from '../../../lib/nats/index.js';
import { startNatsServer, startProxy, type TestNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, Collector, start, testIo, text, verdict } from './support.js';
import { natsLibrary } from '../../support/nats-library.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('the connection of the NATS driver', () => {
  let server: TestNatsServer;
  const users = [{ user: 'u', password: 'hunter2' }];
  beforeAll(async () => {
    server = await startNatsServer({ auth: users });
  });
  afterEach(closeAll);
  afterAll(() => server.stop());

  const client = (port = server.port) => ({
    servers: `127.0.0.1:${port}`,
    user: 'u',
    pass: 'hunter2',
    reconnectTimeWait: 50,
  });
  const failing = async (options: NatsBrokerOptions, signal = AbortSignal.timeout(10_000)) => {
    const driver = closeLater(await natsBroker({ library: natsLibrary, ...options }).driver());
    return driver.connect(testIo([], []), signal).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
  };

  it('rejects soon with bad credentials, says why, and tells neither password nor user', async () => {
    const error = await failing({ name: 'events', client: { ...client(), pass: 'wrong-pw' } });
    expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED', broker: 'events', retryable: false });
    expect(error!.message).toMatch(/127\.0\.0\.1:\d+.*Authorization Violation/i);
    expect(error!.message).not.toContain('wrong-pw');
  });

  it('rejects soon where nobody listens', async () => {
    const port = await closedPort();
    const error = await failing({ name: 'events', client: client(port) });
    expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED', retryable: true });
    expect(error!.message).toMatch(/ECONNREFUSED/);
  });

  it('says that the connection was closed where a host takes it and closes it at once, as a proxy without a server', async () => {
    const host = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    closeLater({ close: async () => host.close() });
    await new Promise((listening) => host.once('listening', listening));
    const error = await failing({ name: 'events', client: client((host.address() as AddressInfo).port) });
    expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED', retryable: true });
    expect(error!.message).toContain('the connection was closed before the server had greeted it');
  });

  it('gives up a host that takes the connection and says nothing, when the signal aborts', async () => {
    const silent = await silentHost();
    const error = await failing({ name: 'events', client: client(silent.port) }, AbortSignal.timeout(200));
    expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED' });
  });

  it('closes a connection that comes after the signal aborted', async () => {
    const proxy = closeLater(await startProxy(server.port));
    proxy.stall();
    const connecting = failing({ name: 'events', client: client(proxy.port) }, AbortSignal.timeout(200));
    await until(() => proxy.connections === 1, { what: 'the dial is there' });
    await connecting;
    proxy.resume();
    await until(() => proxy.connections === 0, { what: 'the late connection is closed' });
  });

  it('comes back by itself when the server was gone, with its subscriptions, and tells both', async () => {
    const own = await startNatsServer({ auth: users });
    try {
      const { driver, definition, states, subscribe } = await start({ client: client(own.port) });
      const sink = new Collector();
      await subscribe(sink, definition.source('news'));
      await own.kill();
      await until(() => states.at(-1) === 'reconnecting', { what: 'the loss is told' });
      await own.restart();
      await until(() => states.at(-1) === 'up', { what: 'the return is told' });
      expect(states).toEqual(['reconnecting', 'up']);
      expect((await driver.publish(definition.destination('news'), [text('again')])).map(verdict)).toEqual(['ok']);
      await sink.until(1);
    } finally {
      await own.stop();
    }
  });

  it('goes on dialling although the server refuses its credentials again and again', async () => {
    const own = await startNatsServer({ auth: users });
    let dials = 0;
    const reconnectDelayHandler = () => (dials++, 20);
    const { states } = await start({ client: { ...client(own.port), reconnectDelayHandler } });
    await own.stop();
    await until(() => states.at(-1) === 'reconnecting', { what: 'the loss is told' });
    const other = await startNatsServer({ auth: [{ user: 'u', password: 'rotated' }], port: own.port });
    dials = 0;
    // nats.js by itself ends at the second refusal.
    await until(() => dials > 6 || states.includes('lost'), { what: 'it was refused several times' });
    // The loss, and once the reason of the refusals.
    expect(states).toEqual(['reconnecting', 'reconnecting']);
    await other.stop();
    const back = await startNatsServer({ auth: users, port: own.port });
    try {
      await until(() => states.at(-1) === 'up', { what: 'it is back' });
      expect(states).not.toContain('lost');
    } finally {
      await closeAll();
      await back.stop();
    }
  });

  it('closes although the server is gone, and although it does not answer', async () => {
    const proxy = closeLater(await startProxy(server.port));
    for (const harm of ['stall', 'refuse'] as const) {
      const { driver, definition, states, subscribe } = await start({ client: client(proxy.port) });
      const intake = await subscribe(new Collector(), definition.source('x'));
      proxy[harm]();
      if (harm === 'refuse') await until(() => states.at(-1) === 'reconnecting', { what: 'the loss is told' });
      const before = performance.now();
      const ending = (async () => {
        await intake.stopFetching();
        await intake.flush();
        await intake.close();
      })();
      await driver.close();
      await ending;
      expect(performance.now() - before).toBeLessThan(5_000);
      proxy.resume();
      await until(() => proxy.connections === 0, { what: 'the connection is gone' });
    }
  });

  it('rejects requests at once while it is down', async () => {
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition, states } = await start({ client: client(proxy.port) });
    proxy.refuse();
    await until(() => states.at(-1) === 'reconnecting', { what: 'the loss is told' });
    const asking = driver.request!(definition.destination('x'), text('?'), AbortSignal.timeout(5_000));
    await expect(asking).rejects.toMatchObject({ code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no' });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function silentHost(): Promise<{ port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return closeLater({ port: (server.address() as AddressInfo).port, close });
}
