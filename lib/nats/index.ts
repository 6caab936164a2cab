export { type StreamDestination, type StreamDestinationOptions, toStream } from './destination-spec.js';
export { natsBroker, type NatsBrokerDefinition } from './nats-broker.js';
export type { NatsAuthenticator, NatsClientOptions, NatsCredentials, NatsTlsOptions } from './client-options.js';
export type { NatsBrokerOptions, NatsLibrary, NatsSettings } from './options.js';
export {
  stream,
  type StreamOptions,
  type StreamSource,
  subject,
  type SubjectOptions,
  type SubjectSource,
} from './sources.js';
