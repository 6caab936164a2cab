import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection as NatsIoConnection } from '@nats-io/transport-node';
import type { JetStreamManager, NatsConnection } from 'nats';
import type { NatsLibrary } from '../../lib/nats/index.js';

/** The client on which the tests with real servers run: `NATS_LIBRARY=@nats-io`, else `nats`. */
export const natsLibrary: NatsLibrary = process.env['NATS_LIBRARY'] === '@nats-io' ? '@nats-io' : 'nats';

/** JetStream's API on what `native()` gives, with the interface that both clients share. */
export async function managerOf(native: unknown): Promise<JetStreamManager> {
  if (natsLibrary === 'nats') return (native as NatsConnection).jetstreamManager();
  return (await jetstreamManager(native as NatsIoConnection)) as unknown as JetStreamManager;
}
