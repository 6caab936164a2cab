import type { DestinationSpec, Driver, Intake, Io, Outcome, Outgoing, Sink, SourceSpec } from '../../driver/index.js';
import { MultiBrokerError, PublishError } from '../../errors/index.js';
import { store } from '../../twin/index.js';
import { partitionOfKey, Spread } from '../partitioner.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { GroupConsumer } from './group-consumer.js';
import type { TwinTopic } from './twin-topic.js';
import { TwinCluster } from './twin-cluster.js';
import { TwinIntake } from './twin-intake.js';

/** As `message.max.bytes` of a cluster. */
const MAX_BYTES = 1_048_588;

/** What a record and its batch add to key, value and headers, at most. */
const OVERHEAD = 100;

/** The in-memory twin of the Kafka driver. Twins of one module share one cluster. */
export class KafkaTwin implements Driver {
  readonly #intakes = new Set<TwinIntake>();
  readonly #spreads = new Map<string, Spread>();
  #open: { readonly io: Io; readonly cluster: TwinCluster } | undefined;

  constructor(private readonly broker: string) {}

  connect(io: Io, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    this.#open = { io, cluster: io.shared('twin:kafka', () => new TwinCluster()) };
    return Promise.resolve();
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    signal.throwIfAborted();
    if (this.#open === undefined) {
      const what = `Broker '${this.broker}' has no connection`;
      throw new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.broker });
    }
    const { io, cluster } = this.#open;
    const consumers = [...byGroup(sources as readonly KafkaSourceSpec[])].map(([groupId, read]) => {
      const group = cluster.group(this.broker, groupId);
      const consumer = new GroupConsumer(read, group, sink, io);
      // A consumer's subscription makes its topic, as `auto.create.topics.enable` has it.
      for (const { topic } of read) if (typeof topic === 'string') cluster.topic(topic);
      group.join(
        consumer,
        [...cluster.topics()].filter(({ name }) => consumer.reads(name)),
      );
      return consumer;
    });
    const intake: TwinIntake = new TwinIntake(consumers, () => this.#intakes.delete(intake));
    this.#intakes.add(intake);
    return intake;
  }

  publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    this.#spread(to.address).turn();
    return Promise.resolve(batch.map((message) => this.#write(to, message)));
  }

  async close(): Promise<void> {
    for (const intake of [...this.#intakes]) await intake.close();
    this.#open = undefined;
  }

  native(): never {
    const what = `Broker '${this.broker}' is an in-memory twin`;
    throw new MultiBrokerError('MULTI_BROKER_NATIVE_UNAVAILABLE', what, { broker: this.broker });
  }

  #write(to: DestinationSpec, message: Outgoing): Outcome {
    if (this.#open === undefined)
      return { error: this.#error('MULTI_BROKER_NOT_CONNECTED', `has no connection; ${to.name} was not written`) };
    const size = sizeOf(message);
    if (size > MAX_BYTES) {
      return {
        error: this.#error(
          'MULTI_BROKER_PAYLOAD_TOO_LARGE',
          `cannot write to ${to.name}: ${size} bytes, the cluster takes ${MAX_BYTES}`,
        ),
      };
    }
    const { io, cluster } = this.#open;
    const topic = cluster.topic(to.address);
    const partition = this.#partition(topic, message.key);
    const offset = topic.append(partition, store(topic.name, message, io.clock.now(), { broker: io.broker }));
    return { receipt: { position: `${topic.name}[${partition}]@${offset}` } };
  }

  #partition(topic: TwinTopic, key: string | undefined): number {
    const count = topic.partitions.length;
    return key === undefined ? this.#spread(topic.name).pick(count) : partitionOfKey(key, count);
  }

  #spread(topic: string): Spread {
    const spread = this.#spreads.get(topic) ?? new Spread();
    this.#spreads.set(topic, spread);
    return spread;
  }

  #error(code: 'MULTI_BROKER_NOT_CONNECTED' | 'MULTI_BROKER_PAYLOAD_TOO_LARGE', what: string): PublishError {
    return new PublishError(code, `Broker '${this.broker}' ${what}`, { broker: this.broker, written: 'no' });
  }
}

/** Sources of one group are read by one consumer, as one member. */
function byGroup(sources: readonly KafkaSourceSpec[]): Map<string, KafkaSourceSpec[]> {
  const groups = new Map<string, KafkaSourceSpec[]>();
  for (const source of sources) groups.set(source.groupId, [...(groups.get(source.groupId) ?? []), source]);
  return groups;
}

function sizeOf({ body, key, headers }: Outgoing): number {
  let size = OVERHEAD + (body?.length ?? 0) + (key === undefined ? 0 : Buffer.byteLength(key));
  for (const name in headers) size += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
  return size;
}
