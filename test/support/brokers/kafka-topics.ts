import { Kafka, logLevel, type Admin, type IHeaders, type Message } from 'kafkajs';

import { eventually } from '../eventually.js';
import { realBrokers } from './shared.js';
import { uniqueName } from './unique-name.js';

export interface KafkaRecord {
  partition: number;
  offset: number;
  key: string | null;
  value: string | null;
  headers: IHeaders;
  timestamp: number;
}

/** A silent client of the shared cluster, or of the brokers given. */
export const kafkaClient = (brokers: string[] = realBrokers().kafka): Kafka =>
  new Kafka({ brokers, clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 20, maxRetryTime: 500 } });

export interface TopicOptions {
  brokers?: string[];
  replicationFactor?: number;
  /** As Kafka names them: `{ 'cleanup.policy': 'compact' }`. */
  config?: Record<string, string>;
}

/** Resolves with the name once the partitions have leaders. */
export function createTopic(name: string, partitions = 1, options: TopicOptions = {}): Promise<string> {
  const { brokers, replicationFactor = 1, config = {} } = options;
  const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  return withAdmin(brokers, async (admin) => {
    const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
    await admin.createTopics({ topics: [topic], waitForLeaders: false });
    // `waitForLeaders` gives up where the metadata of a new topic takes a moment (UNKNOWN_TOPIC_OR_PARTITION).
    await eventually(() => admin.fetchTopicMetadata({ topics: [name] }));
    return name;
  });
}

/** Writes messages by kafkajs itself, in order. */
export async function produce(topic: string, messages: readonly Message[]): Promise<void> {
  const producer = kafkaClient().producer();
  await producer.connect();
  // Less than what a broker takes in one request.
  for (let from = 0; from < messages.length; from += 2_000)
    await producer.send({ topic, messages: messages.slice(from, from + 2_000) });
  await producer.disconnect();
}

/** By partition; -1 where the group has committed nothing. */
export function committedOffsets(groupId: string, topic: string, brokers?: string[]): Promise<number[]> {
  return withAdmin(brokers, async (admin) => {
    const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets: number[] = [];
    for (const { partition, offset } of fetched?.partitions ?? []) offsets[partition] = Number(offset);
    return offsets;
  });
}

/** All that a topic holds now, by partition and offset; aborted transactions are left out. */
export function readAll(topic: string, brokers?: string[]): Promise<KafkaRecord[]> {
  return withAdmin(brokers, async (admin, kafka) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const left = new Map(ends.filter((end) => Number(end.high) > Number(end.low)).map((end) => [end.partition, end]));
    if (left.size === 0) return [];
    const records: KafkaRecord[] = [];
    // The last offset may be a transaction's marker, which is never handed out: then quiet is the end.
    let quiet: NodeJS.Timeout | undefined;
    const groupId = uniqueName('read-all');
    const consumer = kafka.consumer({ groupId, readUncommitted: false, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((done, failed) => {
      consumer.on(consumer.events.GROUP_JOIN, () => (quiet = setTimeout(done, 2000)));
      consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || failed(payload.error));
      const eachMessage = async ({ partition, message }: { partition: number; message: RawMessage }) => {
        quiet?.refresh();
        records.push(record(partition, message));
        if (Number(message.offset) >= Number(left.get(partition)?.high) - 1) left.delete(partition);
        if (left.size === 0) done();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(failed);
    }).finally(() => consumer.disconnect());
    clearTimeout(quiet);
    await admin.deleteGroups([groupId]).catch(() => undefined);
    return records.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  });
}

interface RawMessage {
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: IHeaders;
  timestamp: string;
}

const record = (partition: number, { offset, key, value, headers = {}, timestamp }: RawMessage): KafkaRecord => ({
  partition,
  offset: Number(offset),
  key: key && key.toString(),
  value: value && value.toString(),
  headers,
  timestamp: Number(timestamp),
});

async function withAdmin<T>(brokers: string[] | undefined, act: (admin: Admin, kafka: Kafka) => Promise<T>) {
  const kafka = kafkaClient(brokers);
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await act(admin, kafka);
  } finally {
    await admin.disconnect();
  }
}
