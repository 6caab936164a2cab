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

/** Where a topic's dead letters and results go. */
const deadOf = (name: string): string => `${name}-dead`;
const resultsOf = (name: string): string => `${name}-results`;

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
    letters: deadOf(name),
    results: resultsOf(name),
    publish: (message) => bus.publish(definition.destination(name), message),
    async progress(group, disturbed) {
      const known = cluster.group(BROKER, groupOf(name, group));
      const behind = (): number[] =>
        twin.partitions.map((log, partition) => log.end - (known.committed(name, partition) ?? 0));
      // What has passed an unfinished message is repeated when its partition goes, although its script has ended.
      if (disturbed) await bus.until(() => behind().every((count) => count === 0));
      return { behind: behind(), open: 0 };
    },
    end: async () => undefined,
  };
}

/** A topic of the real cluster, made for one scenario. */
export async function kafkaRealWorld(server: KafkaServer): Promise<Running> {
  const name = await server.createTopic(uniqueName('differential'), PARTITIONS);
  const others = [deadOf(name), resultsOf(name)].map((other) => server.createTopic(other, 1));
  const [letters, results] = (await Promise.all(others)) as [string, string];
  return {
    ...realTime,
    definition: server.definition,
    sentinels,
    source: sourceOf(name),
    driver: () => server.mortal(),
    letters,
    results,
    publish: (message) => server.publish(name, message),
    async progress(group) {
      return { behind: await server.behind(groupOf(name, group), name), open: 0 };
    },
    end: async () => undefined,
  };
}
