import type { NatsConnection } from 'nats';
import { expect, it } from '@jest/globals';
import { connectedServer } from '../../../../lib/nats/driver/connection/connected-server.js';

/** A connection of nats.js, as far as it is read. */
const connection = (listen: string, tlsName?: string) =>
  ({ getServer: () => listen, protocol: { server: { tlsName } } }) as unknown as NatsConnection;

it.each([
  ['the name that was resolved', connection('10.0.0.1:4222', 'nats.example'), { address: 'nats.example', port: 4222 }],
  ['the IP address where there was none', connection('10.0.0.1:4222', ''), { address: '10.0.0.1', port: 4222 }],
  ['an IPv6 address', connection('[::1]:4222'), { address: '::1', port: 4222 }],
  ['nothing while there is no connection', connection(''), undefined],
])('a NATS broker is connected to %s', (_what, nc, expected) => {
  expect(connectedServer(nc)).toEqual(expected);
});
