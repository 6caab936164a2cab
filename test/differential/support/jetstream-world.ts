import type { JetStreamManager } from '../../../lib/nats/driver/connection/jetstream-port.js';

import type { Source } from '../../../lib/driver/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';
import { twinManager } from '../../../lib/nats/twin/jetstream-manager.js';
import { TwinServer } from '../../../lib/nats/twin/twin-server.js';
import { uniqueName } from '../../support/real-brokers.js';
import type { NatsServer } from './nats-server.js';
import { realTime } from './real-time.js';
import type { Running } from './run.js';
import type { Progress } from './trace.js';
import { TwinBus } from './twin-world.js';
import type { World } from './world.js';

const BROKER = 'nats';

/** What a killed member had comes again after so long, in milliseconds; a busy machine must not take longer to ack. */
const ACK_WAIT_MS = 6_000;

/** One for the whole stream. */
const sentinels = ['s'];

const sourceOf =
  (name: string): World['source'] =>
  (group, late): Source =>
    stream(name, { durable: group, deliver: late ? 'new' : 'all', ackWaitMs: ACK_WAIT_MS });

const streamOf = (name: string): object => ({ name, subjects: [`${name}.>`], storage: 'memory', num_replicas: 1 });

/** The subjects of a stream's dead letters and results, and the stream that keeps them. */
const deadOf = (name: string): string => `${name}-out.dead`;
const resultsOf = (name: string): string => `${name}-out.results`;
const outOf = (name: string): object => ({ ...streamOf(`${name}-out`), name: `${name}_OUT` });

/** A stream of twins. */
export async function jetstreamTwinWorld(): Promise<Running> {
  const definition = natsBroker({ name: BROKER, client: {} });
  const name = 'differential';
  const bus = new TwinBus(definition);
  const manager = twinManager(
    bus.shared('twin:nats', () => new TwinServer(bus.clock)),
    BROKER,
  );
  await manager.streams.add(streamOf(name));
  await manager.streams.add(outOf(name));
  return {
    ...bus.face,
    definition,
    sentinels,
    source: sourceOf(name),
    letters: { destination: toStream(deadOf(name)) },
    results: toStream(resultsOf(name)),
    publish: (message, to) => bus.publish(definition.destination(destinationIn(name, to)), message),
    async progress(group, disturbed) {
      let progress = await bus.during(progressOf(manager, name, group));
      // A script may have ended in a member that was gone before it settled; else an ack that is late is one lost.
      if (disturbed)
        await bus.until(() => {
          void progressOf(manager, name, group).then((now) => (progress = now));
          return isOver(progress);
        });
      return progress;
    },
    end: async () => undefined,
  };
}

/** A stream of the real server, made for one scenario. */
export async function jetstreamRealWorld(server: NatsServer): Promise<Running> {
  const name = uniqueName('DIFFERENTIAL');
  await server.manager.streams.add(streamOf(name));
  await server.manager.streams.add(outOf(name));
  return {
    ...realTime,
    definition: server.definition,
    sentinels,
    source: sourceOf(name),
    driver: () => server.mortal(),
    letters: { destination: toStream(deadOf(name)) },
    results: toStream(resultsOf(name)),
    publish: (message, to) => server.publish(destinationIn(name, to), message),
    async progress(group) {
      let progress: Progress = { behind: [], open: 0 };
      await realTime.until(async () => isOver((progress = await progressOf(server.manager, name, group))));
      return progress;
    },
    end: async () => {
      await server.manager.streams.delete(name);
      await server.manager.streams.delete(`${name}_OUT`);
    },
  };
}

const destinationIn = (name: string, to: 'here' | 'nowhere'): ReturnType<typeof toStream> =>
  toStream(to === 'here' ? `${name}.one` : `nowhere.${name}`);

const isOver = ({ behind, open }: Progress): boolean => open === 0 && behind.every((count) => count === 0);

async function progressOf(manager: JetStreamManager, name: string, group: string): Promise<Progress> {
  const { state } = await manager.streams.info(name);
  const info = await manager.consumers.info(name, group);
  return { behind: [state.last_seq - info.ack_floor.stream_seq, info.num_pending], open: info.num_ack_pending };
}
