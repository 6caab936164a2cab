import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type BrokerStartError, MultiBroker, MultiBrokerModule } from '../../lib/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { closeApps, start } from '../support/app.js';
import { fakeBroker } from '../support/fake-kind.js';

jest.setTimeout(30_000);

const open: (() => void)[] = [];
afterEach(async () => {
  await closeApps();
  for (const close of open.splice(0)) close();
});

async function server(greet: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    greet(socket);
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

const info = JSON.stringify({ server_id: 'odd', version: '2.15.0', proto: 1, max_payload: 1_024, headers: true });

const odd: [how: string, greet: (socket: Socket) => void][] = [
  ['closes at once', (socket) => void socket.end()],
  ['resets at once', (socket) => void socket.resetAndDestroy()],
  ['says nothing', () => undefined],
  ['says half a line', (socket) => void socket.write('INFO {"server_id"')],
  ['says half a line and closes', (socket) => void socket.end('INFO {"server_id"')],
  ['speaks another protocol', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['sends bytes', (socket) => void socket.write(Buffer.from([0, 255, 13, 10, 254, 13, 10]))],
  ['sends an INFO that is no JSON', (socket) => void socket.write('INFO {garbage}\r\n')],
  ['sends an empty INFO', (socket) => void socket.write('INFO {}\r\n')],
  ['sends an INFO and nothing more', (socket) => void socket.write(`INFO ${info}\r\n`)],
  ['sends an INFO and closes', (socket) => void socket.end(`INFO ${info}\r\n`)],
  ['sends an INFO and an error', (socket) => void socket.end(`INFO ${info}\r\n-ERR 'out of order'\r\n`)],
  ['sends an INFO and garbage', (socket) => void socket.write(`INFO ${info}\r\nGARBAGE\r\nMSG\r\n`)],
];

describe.each(['nats', '@nats-io'] as const)('a NATS server that does not greet as one, on %s', (library) => {
  describe.each(odd)('and %s', (_, greet) => {
    async function brokers(critical: boolean): Promise<MultiBroker> {
      const events = natsBroker({ name: 'events', library, critical, client: { servers: await server(greet) } });
      const definitions = [fakeBroker({ name: 'orders' }), events];
      const options = { autoStart: false, startTimeoutMs: 800 };
      const app = await start({ imports: [MultiBrokerModule.forRoot(definitions, options)] });
      return app.get(MultiBroker);
    }

    it('fails the start by its own name alone, and the other broker can be used', async () => {
      const all = await brokers(true);
      const error = (await all.start().catch((thrown: unknown) => thrown)) as BrokerStartError;
      expect(error.code).toBe('MULTI_BROKER_START_FAILED');
      expect(error.failures.map(({ broker }) => broker)).toEqual(['events']);
      expect(all.get('events').health()).toMatchObject({ status: 'down', reasons: [expect.stringMatching(/\w/)] });
      await expect(all.get('orders').publish('made', 'a')).resolves.toBeDefined();
      expect(all.get('orders').health()).toMatchObject({ status: 'up', reasons: [] });
    });

    it('does not keep the others from starting where it is optional, and is down with a reason', async () => {
      const all = await brokers(false);
      await all.start();
      expect(all.get('orders').health()).toMatchObject({ status: 'up', reasons: [] });
      expect(all.get('events').health()).toMatchObject({ status: 'down', reasons: [expect.stringMatching(/\w/)] });
      expect(all.health().status).toBe('degraded');
    });
  });
});
