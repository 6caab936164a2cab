import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from 'nats';
import { natsBroker, type NatsBrokerOptions } from '../../../lib/nats/index.js';
import { startNatsServer, startProxy, type TestNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, testIo } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a server that takes no more connections', () => {
  let server: TestNatsServer;
  beforeEach(async () => {
    server = await startNatsServer({ config: 'max_connections: 1' });
  });
  afterEach(async () => {
    await closeAll();
    await server.stop();
  });

  const takeTheOne = (): Promise<NatsConnection> =>
    until(() => connect({ servers: server.url, timeout: 1_000 }).then(closeLater), { what: 'there is room' });

  async function opening(library: NonNullable<NatsBrokerOptions['library']>, port = server.port) {
    const client = { servers: `127.0.0.1:${port}`, reconnectTimeWait: 50 };
    const driver = closeLater(await natsBroker({ name: 'events', library, client }).driver());
    const told: string[] = [];
    const state = (now: string, cause?: Error): void => void told.push([now, cause?.message].join(' '));
    const connected = driver.connect({ ...testIo([], []), state }, AbortSignal.timeout(20_000));
    return { driver, told, connected };
  }

  /** The server may still count the connection that asked whether it is up. */
  async function admitted(...to: Parameters<typeof opening>) {
    const opened = await opening(...to);
    await opened.connected;
    return opened;
  }

  describe.each(['nats', '@nats-io'] as const)('on %s', (library) => {
    // The server ends the socket behind its word. A busy process may see the end first: the start then fails by its time-out.
    it('fails the start with the server’s own word where that is read in time, and another try may help', async () => {
      await takeTheOne();
      const refused = async (): Promise<boolean> => {
        const { connected } = await opening(library);
        const error = await connected.then(String, (thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED', retryable: true });
        return String(error).includes('maximum connections exceeded');
      };
      await until(refused, { what: 'the server’s word', timeoutMs: 50_000 });
    });

    it('is the reason of a broker that cannot reconnect, told once, until it is let in', async () => {
      const proxy = closeLater(await startProxy(server.port));
      const { told } = await until(() => admitted(library, proxy.port), { what: 'there is room' });
      proxy.refuse();
      const other = await takeTheOne();
      proxy.resume();
      await until(() => told.length > 1, { what: 'the reason', timeoutMs: 20_000 });
      await until(() => proxy.connections === 0, { what: 'the refused try is over', timeoutMs: 20_000 });
      await other.close();
      await until(() => told.at(-1) === 'up ', { what: 'it is let in', timeoutMs: 30_000 });
      const reason = expect.stringMatching(
        /^reconnecting the server refused the connection: '?maximum connections exceeded/,
      );
      // nats.js may dial by two loops after a refusal, so that it may come up twice.
      expect(told.slice(0, 3)).toEqual(['reconnecting ', reason, 'up ']);
    });
  });
});
