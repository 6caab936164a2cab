// The options have types although `nats` is not installed, and those of the client fit.
import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';
import { natsBroker, type NatsBrokerOptions } from 'nestjs-multi-broker/nats';

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
