import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { NatsBrokerOptions } from '../../../lib/nats/index.js';
import { natsBroker } from '../../../lib/nats/index.js';
import { startNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, start, testIo } from './support.js';
import { natsLibrary } from '../../support/nats-library.js';

interface End {
  readonly port: number;
  readonly open: ReadonlySet<Socket>;
  taken(): number;
  /** From now on connections lead to this port, or nowhere; those there are end. */
  leadTo(target: number | undefined): void;
  close(): Promise<void>;
}

/** A load balancer: without a server it takes connections and says nothing. */
async function silentEnd(target?: number): Promise<End> {
  const open = new Set<Socket>();
  let taken = 0;
  const server = createServer((socket) => {
    taken++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    if (target === undefined) {
      socket.on('data', () => undefined);
      return;
    }
    const behind = connect(target, '127.0.0.1').on('error', () => socket.destroy());
    socket.pipe(behind).pipe(socket);
    socket.on('close', () => behind.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const leadTo = (port: number | undefined): void => {
    target = port;
    for (const socket of open) socket.destroy();
  };
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return closeLater({ port: (server.address() as AddressInfo).port, open, taken: () => taken, leadTo, close });
}

const connecting = async (client: NatsBrokerOptions['client'], signal: AbortSignal): Promise<unknown> => {
  const driver = await natsBroker({ name: 'events', library: natsLibrary, client }).driver();
  return driver.connect(testIo([], []), signal).catch((thrown: unknown) => thrown);
};

whenNative(describe, 'nats')('a NATS dial that is accepted and not answered', () => {
  afterEach(closeAll);

  it.each([
    ['in the clear', {}],
    ['with TLS', { tls: {} }],
    ['with TLS first', { tls: { handshakeFirst: true } }],
  ] as const)('leaves no socket when its time is over: %s', async (_what, more) => {
    const end = await silentEnd();
    const failed = await connecting(
      { servers: `nats://127.0.0.1:${end.port}`, timeout: 200, ...more },
      AbortSignal.timeout(10_000),
    );
    await until(() => end.open.size === 0, { what: 'no socket is left' });
    expect([failed, end.taken()]).toMatchObject([{ code: 'MULTI_BROKER_CONNECT_FAILED' }, 1]);
  });

  it('is ended at once when the start is given up', async () => {
    const end = await silentEnd();
    const giveUp = new AbortController();
    const failed = connecting({ servers: `127.0.0.1:${end.port}`, timeout: 60_000 }, giveUp.signal);
    await until(() => end.taken() === 1, { what: 'it was dialled' });
    giveUp.abort(new Error('given up'));
    expect(await failed).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED' });
    await until(() => end.open.size === 0, { what: 'no socket is left', timeoutMs: 2_000 });
  });

  it('does not keep another server of the list from being taken, and leaves nothing behind', async () => {
    const end = await silentEnd();
    const server = await startNatsServer();
    const { driver } = await start({
      client: { servers: [`127.0.0.1:${end.port}`, server.url], noRandomize: true, timeout: 300 },
    });
    await until(() => end.open.size === 0, { what: 'no socket is left' });
    expect(end.taken()).toBe(1);
    await driver.close();
    await server.stop();
  });

  it('leaves no socket while it reconnects, comes back, and ends with the broker', async () => {
    const server = await startNatsServer();
    const end = await silentEnd(server.port);
    const { driver, states } = await start({
      client: { servers: `127.0.0.1:${end.port}`, timeout: 100, reconnectTimeWait: 10 },
    });
    end.leadTo(undefined);
    const most: number[] = [];
    await until(() => (most.push(end.open.size), end.taken() > 6), { what: 'it has dialled some times' });
    end.leadTo(server.port);
    await until(() => states.at(-1) === 'up', { what: 'it is back' });
    await until(() => end.open.size === 1, { what: 'one socket is left' });
    end.leadTo(undefined);
    await until(() => states.at(-1) === 'reconnecting' && end.open.size > 0, { what: 'it dials' });
    await driver.close();
    await until(() => end.open.size === 0, { what: 'no socket is left', timeoutMs: 3_000 });
    expect(Math.max(...most)).toBeLessThan(3);
    await server.stop();
  });
});
