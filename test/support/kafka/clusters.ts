import { type Driver, type Outcome, type Outgoing } from '../../../lib/driver/index.js';
import { kafkaBroker, type KafkaBrokerDefinition, topic, type TopicOptions } from '../../../lib/kafka/index.js';
import { TwinCluster } from '../../../lib/kafka/twin/twin-cluster.js';
import { committedOffsets, createTopic } from '../real-brokers.js';
import { TwinBench } from '../twin-bench.js';
import { connected, consumerOptions } from './connected.js';
import { RecordingSink } from './recording-sink.js';

/** A cluster, the real one or a twin's, seen alike: what a test says of both has to hold on both. */
export interface Cluster {
  createTopic(name: string, partitions: number): Promise<void>;
  broker(): Promise<ClusterBroker>;
  /** By partition. */
  committed(groupId: string, topic: string): Promise<readonly number[]>;
}

export interface ClusterBroker {
  /** Positions, or the code of an error and what it says of a repetition. */
  publish(topic: string, ...batch: Outgoing[]): Promise<readonly string[]>;
  /** Publishes to a topic whose name no definition would take. */
  publishAnyhow(topic: string, message: Outgoing): Promise<string>;
  /** Settles all that `keep` does not keep. */
  read(topics: readonly (string | RegExp)[], options: ReadOptions): Promise<ClusterReader>;
}

export interface ReadOptions extends TopicOptions {
  readonly groupId: string;
  readonly keep?: (text: string) => boolean;
}

export interface ClusterReader {
  readonly sink: RecordingSink;
  leave(): Promise<void>;
}

/** The shared real cluster. */
export const realCluster = (): Cluster => ({
  createTopic: async (name, partitions) => {
    await createTopic(name, partitions);
  },
  broker: async () => {
    const { driver, definition } = await connected({ consumer: consumerOptions });
    return clusterBroker(driver, definition);
  },
  committed: committedOffsets,
});

/** A twin's, of one module. */
export function twinCluster(): Cluster {
  const bench = new TwinBench();
  const cluster = bench.shared('twin:kafka', () => new TwinCluster());
  const definition = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['nobody:1'] } });
  return {
    createTopic: async (name, partitions) => {
      cluster.topic(name, partitions);
    },
    broker: async () => clusterBroker(await bench.connect(definition), definition),
    committed: async (groupId, name) => {
      const group = cluster.group('orders', groupId);
      return cluster.topic(name).partitions.map((_, partition) => group.committed(name, partition) ?? -1);
    },
  };
}

function clusterBroker(driver: Driver, definition: KafkaBrokerDefinition): ClusterBroker {
  return {
    publish: async (name, ...batch) => (await driver.publish(definition.destination(name), batch)).map(shown),
    publishAnyhow: async (address, message) => {
      const [outcome] = await driver.publish({ ...definition.destination('any'), address }, [message]);
      return shown(outcome!);
    },
    read: async (topics, { keep = () => false, ...options }) => {
      const sink = new RecordingSink();
      sink.keep = ({ text }) => keep(text);
      const sources = topics.map((one) => definition.source(topic(one, options)));
      const intake = await driver.subscribe(sources, sink, AbortSignal.timeout(20_000));
      const leave = async (): Promise<void> => {
        await intake.stopFetching();
        await intake.flush();
        await intake.close();
      };
      return { sink, leave };
    },
  };
}

function shown(outcome: Outcome): string {
  if ('receipt' in outcome) return outcome.receipt.position ?? '?';
  const { code, written, retryable } = outcome.error;
  return `${code} written: ${written} retryable: ${retryable}`;
}
