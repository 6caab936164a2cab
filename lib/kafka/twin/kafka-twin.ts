import type { DestinationSpec, Driver, Intake, Io, Outcome, Outgoing, Sink, SourceSpec } from '../../driver/index.js';
import { MultiBrokerError, PublishError } from '../../errors/index.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { busWaitsOf } from '../../twin/index.js';
import { GroupConsumer } from './group-consumer.js';
import { TwinCluster } from './twin-cluster.js';
import { TwinIntake } from './twin-intake.js';
import { TwinProducer } from './twin-producer.js';
import { topicsOf } from './subscription.js';

/** What exists once the twin is connected. */
interface Open {
  readonly io: Io;
  readonly cluster: TwinCluster;
  readonly producer: TwinProducer;
}

/** The in-memory twin of the Kafka driver. Twins of one module share one cluster. */
export class KafkaTwin implements Driver {
  readonly #intakes = new Set<TwinIntake>();
  #open: Open | undefined;

  constructor(private readonly broker: string) {}

  connect(io: Io, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const cluster = io.shared('twin:kafka', () => new TwinCluster());
    this.#open = { io, cluster, producer: new TwinProducer(io, cluster) };
    busWaitsOf(io).tells(this.broker, cluster);
    return Promise.resolve();
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    signal.throwIfAborted();
    if (this.#open === undefined) {
      const what = `Broker '${this.broker}' has no connection`;
      throw new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.broker });
    }
    const { io, cluster } = this.#open;
    const groups = [...byGroup(sources as readonly KafkaSourceSpec[])].map(([groupId, read]) => {
      return { groupId, read, topics: topicsOf(read, cluster, this.broker) };
    });
    // Nothing is read before all of it may be.
    const consumers = groups.map(({ groupId, read, topics }) => {
      const group = cluster.group(this.broker, groupId);
      const consumer = new GroupConsumer(read, group, sink, io);
      group.join(consumer, topics);
      return consumer;
    });
    const intake: TwinIntake = new TwinIntake(consumers, () => this.#intakes.delete(intake));
    this.#intakes.add(intake);
    return intake;
  }

  publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (this.#open !== undefined) return Promise.resolve(this.#open.producer.publish(to, batch));
    const what = `Broker '${this.broker}' has no connection; ${to.name} was not written`;
    const error = new PublishError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.broker, written: 'no' });
    return Promise.resolve(batch.map(() => ({ error })));
  }

  async close(): Promise<void> {
    for (const intake of [...this.#intakes]) await intake.close();
    this.#open = undefined;
  }

  native(): never {
    const what = `Broker '${this.broker}' is an in-memory twin`;
    throw new MultiBrokerError('MULTI_BROKER_NATIVE_UNAVAILABLE', what, { broker: this.broker });
  }
}

/** Sources of one group are read by one consumer, as one member. */
function byGroup(sources: readonly KafkaSourceSpec[]): Map<string, KafkaSourceSpec[]> {
  const groups = new Map<string, KafkaSourceSpec[]>();
  for (const source of sources) groups.set(source.groupId, [...(groups.get(source.groupId) ?? []), source]);
  return groups;
}
