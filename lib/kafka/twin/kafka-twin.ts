import {
  type DestinationSpec,
  type Driver,
  type DriverContext,
  InProcessDriver,
  type KeptAccess,
  type KeptMessages,
  notConnected,
  type Outcome,
  type Outgoing,
  publishOf,
  type Sink,
  type SourceSpec,
} from '../../driver/index.js';
import { errorOf } from '../../errors/index.js';
import { backlogOf } from '../../twin/index.js';
import { wantedTopics } from '../new-topics.js';
import type { KafkaCommonSettings } from '../settings.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { TopicRequests } from '../topic-requests.js';
import { GroupConsumer, topicsOf } from './group-consumer.js';
import { KeptTwinRecords } from './kept-records.js';
import { collides, TwinCluster } from './twin-cluster.js';
import { TwinProducer } from './twin-producer.js';

/** Parts that exist while the twin is connected. */
interface Open {
  readonly io: DriverContext;
  readonly cluster: TwinCluster;
  readonly producer: TwinProducer;
}

/** The in-memory twin of the Kafka driver. Twins of one module share one cluster. */
export class KafkaTwin extends InProcessDriver<Open> {
  readonly readsByName = publishOf(this);
  private readonly requests: TopicRequests | undefined;
  /** See the driver's. */
  readonly request: Driver['request'];

  constructor(private readonly settings: KafkaCommonSettings) {
    super(settings.name);
    if (!TopicRequests.areMadeBy(settings)) return;
    const requests = (this.requests = new TopicRequests(settings, this));
    this.request = (to, message, signal) => requests.request(to, message, signal);
  }

  override close(): Promise<void> {
    this.requests?.close();
    return super.close();
  }

  protected reach(io: DriverContext): Open {
    const cluster = io.shared('twin:kafka', () => new TwinCluster());
    backlogOf(io).register(this.broker, cluster);
    for (const { name, partitions } of wantedTopics(this.settings)) this.make(cluster, name, partitions);
    return { io, cluster, producer: new TwinProducer(io, cluster) };
  }

  /** Leaves existing topics unchanged, as the driver does. */
  private make(cluster: TwinCluster, name: string, partitions: number): void {
    const other = cluster.collision(this.broker, name);
    if (other === undefined) {
      cluster.topic(name, partitions);
      return;
    }
    const params = { broker: this.broker, topic: name, reason: collides(other) };
    throw errorOf('MULTI_BROKER_TOPIC_CREATE_FAILED', params);
  }

  protected read({ io, cluster }: Open, sources: readonly SourceSpec[], sink: Sink): readonly GroupConsumer[] {
    const groups = [...byGroup(sources as readonly KafkaSourceSpec[])].map(([groupId, read]) => {
      return { groupId, read, topics: topicsOf(read, cluster, this.broker) };
    });
    // Nothing is read before all of them may be.
    return groups.map(({ groupId, read, topics }) => {
      const group = cluster.group(this.broker, groupId);
      const consumer = new GroupConsumer(read, group, sink, io);
      group.join(consumer, topics);
      return consumer;
    });
  }

  async kept(source: SourceSpec, access: KeptAccess, signal: AbortSignal): Promise<KeptMessages> {
    signal.throwIfAborted();
    if (this.server === undefined) throw notConnected(this.broker);
    const { io, cluster } = this.server;
    const { address, groupId } = source as KafkaSourceSpec;
    const kept = new KeptTwinRecords(cluster.topic(address), cluster.group(this.broker, groupId), access, io);
    return this.readings.open(Promise.resolve(kept), signal);
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
