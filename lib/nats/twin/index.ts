import type { Driver } from '../../driver/index.js';
import type { NatsSettings } from '../options.js';
import { NatsTwin } from './nats-twin.js';

export type { TwinRawMessage } from './raw-message.js';

/** Makes the in-memory twin of a NATS broker. What concerns the connection alone has no say here. */
export function createNatsTwin(options: NatsSettings): Driver {
  return new NatsTwin(options.name);
}
