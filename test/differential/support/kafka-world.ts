import { kafkaBroker, topic } from '../../../lib/kafka/index.js';
import { partitionOfKey } from '../../../lib/kafka/partitioner.js';
import { TwinCluster } from '../../../lib/kafka/twin/twin-cluster.js';
import type { Source } from '../../../lib/driver/index.js';
import { uniqueName } from '../../support/real-brokers.js';
import { realTime } from './real-time.js';
import type { KafkaServer } from './kafka-server.js';
import type { Running } from './run.js';
import type { GroupName } from './scenario.js';
import { TwinBus } from './twin-world.js';
import type { World } from './world.js';

const BROKER = 'kafka';
export const PARTITIONS = 2;

/** A key for each partition. */
const sentinels = Array.from({ length: PARTITIONS }, (_, partition) => {
  const keys = Array.from({ length: 100 }, (__, index) => `s${index}`);
  return keys.find((key) => partitionOfKey(key, PARTITIONS) === partition)!;
});

const groupOf = (name: string, group: GroupName): string => `${name}-${group}`;

const sourceOf =
  (name: string): World['source'] =>
  (group, late): Source =>
    topic(name, { groupId: groupOf(name, group), fromBeginning: !late });

/** A topic of twins. */
export function kafkaTwinWorld(): Running {
  const definition = kafkaBroker({ name: BROKER, client: { brokers: ['nobody:1'] } });
  const name = 'differential';
  const bus = new TwinBus(definition);
  const cluster = bus.shared('twin:kafka', () => new TwinCluster());
  const twin = cluster.topic(name, PARTITIONS);
  return {
    ...bus.face,
    definition,
    sentinels,
    source: sourceOf(name),
    publish: (message) => bus.publish(definition.destination(name), message),
    async progress(group) {
      const known = cluster.group(BROKER, groupOf(name, group));
      const behind = twin.partitions.map((log, partition) => log.end - (known.committed(name, partition) ?? 0));
      return { behind, open: 0 };
    },
    end: async () => undefined,
  };
}

/** A topic of the real cluster, made for one scenario. */
export async function kafkaRealWorld(server: KafkaServer): Promise<Running> {
  const name = await server.createTopic(uniqueName('differential'), PARTITIONS);
  return {
    ...realTime,
    definition: server.definition,
    sentinels,
    source: sourceOf(name),
    driver: () => server.mortal(),
    publish: (message) => server.publish(name, message),
    async progress(group) {
      return { behind: await server.behind(groupOf(name, group), name), open: 0 };
    },
    end: async () => undefined,
  };
}
