import type { Io, Sink } from '../../driver/index.js';
import { ensureConsumer } from '../driver/ensure.js';
import type { CoreSourceSpec, NatsSourceSpec, StreamSourceSpec } from '../source-spec.js';
import { CoreLane } from './core-lane.js';
import { twinManager } from './jetstream-manager.js';
import { StreamLane } from './stream-lane.js';
import type { TwinServer } from './twin-server.js';

/** A lane that reads, and how it stops. */
export interface OpenLane {
  quiet(): void;
  close(): void;
  /** Its process is gone: nothing is given back. */
  abandon(): void;
}

/** Opens lanes for all sources. Rejects as the real driver does, with nothing opened and nothing delivered. */
export async function openLanes(
  sources: readonly NatsSourceSpec[],
  sink: Sink,
  server: TwinServer,
  io: Io,
): Promise<readonly OpenLane[]> {
  for (const source of sources) {
    if (source.via === 'jetstream') await ensureConsumer(twinManager(server, io.broker), source, io.broker);
  }
  return sources.map((source) => {
    return source.via === 'core' ? openCore(source, sink, server, io) : openStream(source, sink, server, io);
  });
}

function openCore(source: CoreSourceSpec, sink: Sink, server: TwinServer, io: Io): OpenLane {
  const lane = new CoreLane(source, sink, io);
  sink.opened(lane);
  const unsubscribe = server.interest.add(lane);
  const quiet = (): void => {
    unsubscribe();
    lane.quiet();
  };
  const close = (): void => {
    quiet();
    lane.close();
  };
  // Nothing could be given back.
  return { quiet, close, abandon: close };
}

function openStream(source: StreamSourceSpec, sink: Sink, server: TwinServer, io: Io): OpenLane {
  const consumer = server.stream(source.stream)?.consumer(io.broker, source.consumer);
  if (consumer === undefined) throw new Error(`${source.name} was made and is not there`);
  const lane = new StreamLane(source, consumer, sink, io);
  sink.opened(lane);
  lane.open();
  return lane;
}
