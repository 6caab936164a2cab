// The options have types although `nats` is not installed, and those of the client fit. The declarations themselves are
// checked too, with the newest types of Node.
import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';
export type * as Main from 'nestjs-multi-broker';
export type * as Driver from 'nestjs-multi-broker/driver';
import { natsBroker, type NatsBrokerOptions } from 'nestjs-multi-broker/nats';
export type * as Testing from 'nestjs-multi-broker/testing';

const client: ConnectionOptions = {
  servers: ['nats://a:4222'],
  authenticator: credsAuthenticator(new Uint8Array(0)),
  tls: { caFile: 'ca.pem' },
  noEcho: true,
};
const options: NatsBrokerOptions = { name: 'events', library: '@nats-io', client };
natsBroker(options);

// @ts-expect-error -- an option that neither client has
natsBroker({ name: 'events', client: { server: 'nats://a:4222' } });
