import type { DestinationSpec, Io, Outcome, Outgoing } from '../../driver/index.js';
import { type ErrorCode, PublishError } from '../../errors/index.js';
import { type Random, randomOf, type Sending, store, surelyFits } from '../../twin/index.js';
import { partitionOfKey, Spread } from '../partitioner.js';
import { batchSize } from './batch-size.js';
import { LeftOut } from '../record-headers.js';
import { collides, type TwinCluster } from './twin-cluster.js';
import type { TwinTopic } from './twin-topic.js';

/** As `message.max.bytes` of a cluster. */
const MAX_BYTES = 1_048_588;

/** Topics that the server keeps for itself: it answers INVALID_TOPIC_EXCEPTION to whoever writes to them. */
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state']);

/** A start is drawn among so many, as a topic may yet have to be made: a multiple of the partitions of most. */
const STARTS = 5_040;

/** Writes as the driver's producer does: to the same partitions, with the same refusals. */
export class TwinProducer {
  readonly #spreads = new Map<string, Spread>();
  readonly #random: Random;
  readonly #sending: Sending;
  readonly #leftOut: LeftOut;

  constructor(
    private readonly io: Io,
    private readonly cluster: TwinCluster,
  ) {
    this.#random = randomOf(io);
    this.#sending = { broker: io.broker };
    this.#leftOut = new LeftOut(io.broker, io.log);
  }

  publish({ address }: DestinationSpec, batch: readonly Outgoing[]): Outcome[] {
    const known = this.#spreads.get(address);
    const refusal = known === undefined ? this.#refusal(address) : undefined;
    if (refusal !== undefined) return batch.map(() => ({ error: refusal }));
    const spread = known ?? new Spread(this.#random(STARTS));
    this.#spreads.set(address, spread);
    // To a topic that the driver has not written to one message goes ahead: by it the driver learns the partitions.
    const turn = known === undefined ? 1 : 0;
    const topic = this.cluster.topic(address);
    const timestamp = this.io.clock.now();
    return batch.map((message, place) => {
      if (place === turn) spread.turn();
      return this.#write(topic, message, spread, timestamp);
    });
  }

  #write(topic: TwinTopic, message: Outgoing, spread: Spread, timestamp: number): Outcome {
    const { name } = topic;
    const count = topic.partitions.length;
    const partition = message.partition ?? this.#pick(message, spread, count);
    if (partition >= count) {
      return { error: this.#error('MULTI_BROKER_PUBLISH_REJECTED', name, `it has no partition ${String(partition)}`) };
    }
    const size = surelyFits(message, MAX_BYTES) ? 0 : batchSize(message);
    if (size > MAX_BYTES) {
      const what = `${size} bytes, the cluster takes ${MAX_BYTES}`;
      return { error: this.#error('MULTI_BROKER_PAYLOAD_TOO_LARGE', name, what) };
    }
    const rawHeaders = this.#leftOut.of(message.rawHeaders);
    const written = rawHeaders === message.rawHeaders ? message : { ...message, rawHeaders };
    const offset = topic.append(partition, store(name, written, timestamp, this.#sending));
    return { receipt: { position: `${name}[${partition}]@${offset}` } };
  }

  #pick({ key }: Outgoing, spread: Spread, count: number): number {
    return key === undefined ? spread.pick(count) : partitionOfKey(key, count);
  }

  #refusal(name: string): PublishError | undefined {
    if (INTERNAL.has(name)) {
      return this.#error('MULTI_BROKER_PUBLISH_REJECTED', name, "it is one of the cluster's own");
    }
    const other = this.cluster.collision(this.io.broker, name);
    if (other === undefined) return undefined;
    return this.#error('MULTI_BROKER_DESTINATION_UNKNOWN', name, collides(other));
  }

  #error(code: ErrorCode, topic: string, why: string): PublishError {
    const { broker } = this.io;
    const what = `Broker '${broker}' could not publish to topic '${topic}': ${why}`;
    return new PublishError(code, what, { broker, written: 'no' });
  }
}
