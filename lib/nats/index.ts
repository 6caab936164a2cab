export { type StreamDestination, type StreamDestinationOptions, toStream } from './destination-spec.js';
export { natsBroker, type NatsBrokerDefinition } from './nats-broker.js';
export type { NatsBrokerOptions, NatsSettings } from './options.js';
export {
  stream,
  type StreamOptions,
  type StreamSource,
  subject,
  type SubjectOptions,
  type SubjectSource,
} from './sources.js';
