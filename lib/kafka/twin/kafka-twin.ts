import {
  type DestinationSpec,
  type Driver,
  InProcessDriver,
  type Io,
  type Outcome,
  type Outgoing,
  type Sink,
  type SourceSpec,
} from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import { busWaitsOf } from '../../twin/index.js';
import type { KafkaSettings } from '../options.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { TopicRequests } from '../topic-requests.js';
import { wantedTopics } from '../wanted-topics.js';
import { GroupConsumer } from './group-consumer.js';
import { collides, TwinCluster } from './twin-cluster.js';
import { TwinProducer } from './twin-producer.js';
import { topicsOf } from './subscription.js';

/** What exists once the twin is connected. */
interface Open {
  readonly io: Io;
  readonly cluster: TwinCluster;
  readonly producer: TwinProducer;
}

/** The in-memory twin of the Kafka driver. Twins of one module share one cluster. */
export class KafkaTwin extends InProcessDriver<Open> {
  readonly #requests: TopicRequests | undefined;
  /** As the driver's. */
  readonly request: Driver['request'];

  constructor(private readonly settings: KafkaSettings) {
    super(settings.name);
    if (!TopicRequests.areMadeBy(settings)) return;
    const requests = (this.#requests = new TopicRequests(settings, this));
    this.request = (to, message, signal) => requests.request(to, message, signal);
  }

  override close(): Promise<void> {
    this.#requests?.close();
    return super.close();
  }

  protected reach(io: Io): Open {
    const cluster = io.shared('twin:kafka', () => new TwinCluster());
    busWaitsOf(io).tells(this.broker, cluster);
    for (const { name, partitions } of wantedTopics(this.settings)) this.#make(cluster, name, partitions);
    return { io, cluster, producer: new TwinProducer(io, cluster) };
  }

  /** As the driver: what is there is left as it is. */
  #make(cluster: TwinCluster, name: string, partitions: number): void {
    const other = cluster.collision(this.broker, name);
    if (other === undefined) {
      cluster.topic(name, partitions);
      return;
    }
    const what = `Broker '${this.broker}' could not make the topic '${name}': ${collides(other)}`;
    throw new MultiBrokerError('MULTI_BROKER_TOPIC_CREATE_FAILED', what, { broker: this.broker });
  }

  protected read({ io, cluster }: Open, sources: readonly SourceSpec[], sink: Sink): readonly GroupConsumer[] {
    const groups = [...byGroup(sources as readonly KafkaSourceSpec[])].map(([groupId, read]) => {
      return { groupId, read, topics: topicsOf(read, cluster, this.broker) };
    });
    // Nothing is read before all of it may be.
    return groups.map(({ groupId, read, topics }) => {
      const group = cluster.group(this.broker, groupId);
      const consumer = new GroupConsumer(read, group, sink, io);
      group.join(consumer, topics);
      return consumer;
    });
  }

  protected write({ producer }: Open, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[] {
    return producer.publish(to, batch);
  }
}

/** Sources of one group are read by one consumer, as one member. */
function byGroup(sources: readonly KafkaSourceSpec[]): Map<string, KafkaSourceSpec[]> {
  const groups = new Map<string, KafkaSourceSpec[]>();
  for (const source of sources) groups.set(source.groupId, [...(groups.get(source.groupId) ?? []), source]);
  return groups;
}
