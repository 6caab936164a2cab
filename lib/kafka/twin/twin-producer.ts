import type { DestinationSpec, DriverContext, Outcome, Outgoing } from '../../driver/index.js';
import { phrase, type PublishError, publishErrorOf } from '../../errors/index.js';
import { type Random, randomOf, type Sending, store, surelyFits } from '../../twin/index.js';
import { partitionOfKey, Spread } from '../partitioner.js';
import { LeftOut } from '../record-headers.js';
import { collides, type TwinCluster } from './twin-cluster.js';
import type { TwinTopic } from './twin-topic.js';

/** `message.max.bytes` of a cluster. */
const MAX_BYTES = 1_048_588;

/** The server's internal topics: it refuses writes with INVALID_TOPIC_EXCEPTION. */
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state']);

/**
 * The first partition is drawn below this number, as the topic may not exist yet: a multiple of most partition counts.
 */
const STARTS = 5_040;

/** Writes like the driver's producer: to the same partitions, with the same refusals. */
export class TwinProducer {
  private readonly spreads = new Map<string, Spread>();
  private readonly random: Random;
  private readonly sending: Sending;
  private readonly leftOut: LeftOut;

  constructor(
    private readonly io: DriverContext,
    private readonly cluster: TwinCluster,
  ) {
    this.random = randomOf(io);
    this.sending = { broker: io.broker };
    this.leftOut = new LeftOut(io.broker, 'kafkajs', io.log);
  }

  publish({ address }: DestinationSpec, batch: readonly Outgoing[]): Outcome[] {
    const known = this.spreads.get(address);
    const refusal = known === undefined ? this.refusal(address) : undefined;
    if (refusal !== undefined) return batch.map(() => ({ error: refusal }));
    const spread = known ?? new Spread(this.random(STARTS));
    this.spreads.set(address, spread);
    // To a new topic the driver sends one message first, to learn its partitions.
    const turn = known === undefined ? 1 : 0;
    const topic = this.cluster.topic(address);
    const timestamp = this.io.clock.now();
    return batch.map((message, place) => {
      if (place === turn) spread.turn();
      return this.write(topic, message, spread, timestamp);
    });
  }

  private write(topic: TwinTopic, message: Outgoing, spread: Spread, timestamp: number): Outcome {
    const { name } = topic;
    const count = topic.partitions.length;
    const partition = message.partition ?? this.pick(message, spread, count);
    if (partition >= count) {
      return { error: this.error('MULTI_BROKER_PUBLISH_REJECTED', name, phrase('kafkaNoPartition', { partition })) };
    }
    const size = surelyFits(message, MAX_BYTES) ? 0 : batchSize(message);
    if (size > MAX_BYTES) {
      const reason = phrase('kafkaTooLarge', { size, most: MAX_BYTES });
      return { error: this.error('MULTI_BROKER_PAYLOAD_TOO_LARGE', name, reason) };
    }
    const rawHeaders = this.leftOut.of(message.rawHeaders);
    const written = rawHeaders === message.rawHeaders ? message : { ...message, rawHeaders };
    const offset = topic.append(partition, store(name, written, timestamp, this.sending));
    return { receipt: { position: `${name}[${partition}]@${offset}` } };
  }

  private pick({ key }: Outgoing, spread: Spread, count: number): number {
    return key === undefined ? spread.pick(count) : partitionOfKey(key, count);
  }

  private refusal(name: string): PublishError | undefined {
    if (INTERNAL.has(name)) {
      return this.error('MULTI_BROKER_PUBLISH_REJECTED', name, phrase('kafkaInternal'));
    }
    const other = this.cluster.collision(this.io.broker, name);
    if (other === undefined) return undefined;
    return this.error('MULTI_BROKER_DESTINATION_UNKNOWN', name, collides(other));
  }

  private error(code: Refusal, topic: string, reason: string): PublishError {
    return publishErrorOf(`${code}.kafka`, { broker: this.io.broker, topic, reason }, { written: 'no' });
  }
}

/** Codes of what a cluster refuses. */
type Refusal = 'MULTI_BROKER_PUBLISH_REJECTED' | 'MULTI_BROKER_PAYLOAD_TOO_LARGE' | 'MULTI_BROKER_DESTINATION_UNKNOWN';

/** The bytes of a batch without records. */
const BATCH_HEADER = 61;

/** Attributes, time and offset of a record; the last two are differences to the batch's, 0 here. */
const RECORD_HEADER = 3;

/** The bytes of a batch with this message alone, as kafkajs writes it: `message.max.bytes` limits them. */
export function batchSize({ body, key, headers, rawHeaders }: Outgoing): number {
  const keyBytes = key === undefined ? undefined : Buffer.byteLength(key);
  const record = RECORD_HEADER + field(keyBytes) + field(body?.length) + headersSize(headers, rawHeaders);
  return BATCH_HEADER + varint(record) + record;
}

function headersSize(headers: Outgoing['headers'], raw: Outgoing['rawHeaders']): number {
  let size = 0;
  let count = 0;
  for (const name in headers) {
    size += field(Buffer.byteLength(name)) + field(Buffer.byteLength(headers[name] ?? ''));
    count++;
  }
  for (const [name, value] of raw ?? []) {
    if (value === null) continue;
    size += field(Buffer.byteLength(name)) + field(value.length);
    count++;
  }
  return varint(count) + size;
}

/** Bytes after their length; a length of -1, of one byte, for null. */
const field = (bytes: number | undefined): number => (bytes === undefined ? 1 : varint(bytes) + bytes);

/** A length takes seven bits a byte; in the first, one is the sign. */
function varint(value: number): number {
  let bytes = 1;
  for (let left = value >>> 6; left > 0; left >>>= 7) bytes++;
  return bytes;
}
