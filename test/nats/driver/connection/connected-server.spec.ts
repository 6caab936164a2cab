import type { NatsConnection } from 'nats';
import { Servers } from 'nats/lib/nats-base-client/servers.js';
import { expect, it } from '@jest/globals';
import { connectedServer } from '../../../../lib/nats/driver/connection/connection.js';

/** A connection of nats.js, as far as it is read. */
const connection = (listen: string) => ({ getServer: () => listen }) as unknown as NatsConnection;

it.each([
  ['the name that is configured', connection('nats.example:4222'), { address: 'nats.example', port: 4222 }],
  ['an IP address', connection('10.0.0.1:4222'), { address: '10.0.0.1', port: 4222 }],
  ['an IPv6 address', connection('[::1]:4222'), { address: '::1', port: 4222 }],
  ['nothing while there is no connection', connection(''), undefined],
])('a NATS broker is connected to %s', (_what, nc, expected) => {
  expect(connectedServer(nc)).toEqual(expected);
});

it('a gossiped server is named by its own address, not by the name that its certificate is checked for', () => {
  const servers = new Servers(['nats.example:4222']);
  servers.update({ connect_urls: ['10.0.0.2:4222'] } as unknown as Parameters<Servers['update']>[0], true);
  servers.updateTLSName();
  servers.selectServer();
  expect(servers.selectServer()).toMatchObject({ listen: 'nats.example:4222' });
  const server = servers.selectServer();
  expect(server).toMatchObject({ gossiped: true, tlsName: 'nats.example' });
  const nc = { getServer: () => server?.listen, protocol: { server } } as unknown as NatsConnection;
  expect(connectedServer(nc)).toEqual({ address: '10.0.0.2', port: 4222 });
});
