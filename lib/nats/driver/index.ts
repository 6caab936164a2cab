import type { Driver } from '../../driver/index.js';
import type { NatsClient } from '../load-client.js';
import type { NatsBrokerOptions } from '../options.js';
import { NatsDriver } from './nats-driver.js';

/** Makes a driver; it does not dial. */
export function createNatsDriver(client: NatsClient, options: NatsBrokerOptions): Driver {
  return new NatsDriver(client, options);
}
