import { JsonMessage, type Outgoing, PlainMessage } from '../../../driver/index.js';
import { partitionOfKey, Spread } from '../../partitioner.js';
import { type LeftOut, recordHeaders } from '../../record-headers.js';
import type { Partitioner, TopicPartition } from '../client/producer-port.js';
import type { RecordToWrite } from '../client/records.js';

/** A message to send, and its place in the batch that is published. */
export interface RecordToSend {
  readonly place: number;
  readonly message: RecordToWrite;
  /** About the bytes that it takes in a request. */
  readonly size: number;
}

/** The server's default limit of one batch of records is 1,048,588 bytes (`message.max.bytes`). */
const MAX_BYTES = 900_000;
/** kafkajs copies an array for each message of a partition, so its cost grows with the square of this. */
const MAX_COUNT = 1_000;

export function recordToSend(outgoing: Outgoing, place: number, leftOut: Pick<LeftOut, 'of'>): RecordToSend {
  if (outgoing instanceof PlainMessage) return plainRecord(outgoing, place);
  const { body, key = null, headers, rawHeaders } = outgoing;
  const message: RecordToWrite = { key: typeof key === 'string' ? key : bufferOf(key), value: bufferOf(body) };
  if (rawHeaders !== undefined) message.headers = recordHeaders(headers, leftOut.of(rawHeaders) ?? []);
  else if (headers !== undefined) message.headers = { ...headers };
  if (outgoing.partition !== undefined) message.partition = outgoing.partition;
  return { place, message, size: sizeOf(outgoing) };
}

/** A text is written straight into the request. The headers are the record's own, as instrumentations add theirs. */
function plainRecord(outgoing: PlainMessage, place: number): RecordToSend {
  const { correlationId } = outgoing;
  const value = outgoing instanceof JsonMessage ? outgoing.text : bufferOf(outgoing.body);
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : (value?.length ?? 0);
  const size = bytes + correlationId.length + PLAIN_OVERHEAD;
  return { place, message: { key: null, value, headers: outgoing.newHeaders() }, size };
}

/** About what else the headers of a result take. */
const PLAIN_OVERHEAD = 128;

/** Portions that the server accepts, one for each partition in a round. Rounds are sent one after another. */
export function rounds(records: readonly RecordToSend[]): RecordToSend[][][] {
  const found: RecordToSend[][][] = [];
  for (const portions of byPartition(records).map(cut))
    portions.forEach((portion, round) => (found[round] ??= []).push(portion));
  return found;
}

/** In order. */
function byPartition(records: readonly RecordToSend[]): RecordToSend[][] {
  const partitions = new Map<number, RecordToSend[]>();
  for (const one of records) {
    const partition = one.message.partition ?? 0;
    const some = partitions.get(partition);
    if (some === undefined) partitions.set(partition, [one]);
    else some.push(one);
  }
  return [...partitions.values()];
}

function cut(records: readonly RecordToSend[]): RecordToSend[][] {
  const portions: RecordToSend[][] = [];
  let current: RecordToSend[] = [];
  let bytes = 0;
  for (const one of records) {
    if (current.length > 0 && (bytes + one.size > MAX_BYTES || current.length === MAX_COUNT)) {
      portions.push(current);
      current = [];
      bytes = 0;
    }
    current.push(one);
    bytes += one.size;
  }
  portions.push(current);
  return portions;
}

/** A view, not a copy. kafkajs writes anything but a Buffer as text. */
function bufferOf(body: Uint8Array | null): Buffer | null {
  if (body === null || Buffer.isBuffer(body)) return body;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function sizeOf({ body, key, headers, rawHeaders }: Outgoing): number {
  let size = 32 + (body?.length ?? 0) + (key?.length ?? 0) * 3;
  for (const [name, value] of rawHeaders ?? []) size += name.length + (value?.length ?? 0) + 8;
  if (headers !== undefined) for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 8;
  return size;
}

/** The known partitions of a topic. */
interface Known {
  readonly metadata: readonly TopicPartition[];
  readonly count: number;
  /** Partitions with a leader, for messages without a key. */
  readonly available: readonly number[];
  readonly spread: Spread;
}

/**
 * The partitions of the topics that are written to. A client tells them only while it sends: kafkajs has no other way. It
 * picks nothing twice: a message keeps its partition whatever is retried (kafkajs #1303).
 */
export class TopicPartitions implements Partitioner {
  private readonly topics = new Map<string, Known>();

  /** Sets the partition of a record that has none, too. */
  pick(topic: string, partitions: readonly TopicPartition[], record: RecordToWrite): number {
    const known = this.learn(topic, partitions);
    record.partition ??= pick(known, record.key);
    return record.partition;
  }

  knows(topic: string): boolean {
    return this.topics.has(topic);
  }

  forget(topic: string): void {
    this.topics.delete(topic);
  }

  /** Sets the partition of each message, if the topic is known. */
  assign(topic: string, messages: readonly RecordToWrite[]): void {
    const known = this.topics.get(topic);
    if (known === undefined) return;
    known.spread.turn();
    for (const message of messages) message.partition ??= pick(known, message.key);
  }

  /** Called for each message, with the same array until there are new metadata. */
  private learn(topic: string, metadata: readonly TopicPartition[]): Known {
    const before = this.topics.get(topic);
    if (before?.metadata === metadata) return before;
    const known = {
      metadata,
      count: metadata.length,
      available: metadata.filter(({ leader }) => leader >= 0).map(({ partitionId }) => partitionId),
      spread: before?.spread ?? new Spread(),
    };
    this.topics.set(topic, known);
    return known;
  }
}

function pick({ count, available, spread }: Known, key: RecordToWrite['key']): number {
  if (key !== null && key !== undefined) return partitionOfKey(key, count);
  return available.length === 0 ? spread.pick(count) : (available[spread.pick(available.length)] ?? 0);
}
