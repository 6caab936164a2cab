import type { KeptAccess, KeptMessages } from '../../driver/index.js';
import { ensureConsumer, subscribeError } from '../driver/jetstream/consumer-config.js';
import type { StreamSourceSpec } from '../source-spec.js';
import { twinManager } from './jetstream-manager.js';
import { KeptArrivals, SeenArrivals } from './kept-arrivals.js';
import type { TwinServer } from './twin-server.js';

/** As the driver does: only what is taken has a durable. */
export async function openKept(
  spec: StreamSourceSpec,
  access: KeptAccess,
  server: TwinServer,
  broker: string,
): Promise<KeptMessages> {
  try {
    const manager = twinManager(server, broker);
    if (access === 'take') await ensureConsumer(manager, spec, broker);
    else await manager.streams.info(spec.stream);
  } catch (thrown) {
    throw subscribeError(thrown, spec, broker);
  }
  const stream = server.stream(spec.stream);
  if (stream === undefined) throw new Error(`${spec.name} was found and is not there`);
  if (access === 'look') return new SeenArrivals(spec, stream, broker);
  const consumer = stream.consumer(broker, spec.consumer);
  if (consumer === undefined) throw new Error(`${spec.name} was made and is not there`);
  return new KeptArrivals(stream, consumer);
}
