import { Kafka, logLevel } from 'kafkajs';
import { connect } from 'nats';
import { DURABLE, GROUP, IN, OUT, STREAM, type Travelling } from './setting.js';

const PARTITIONS = 6;

/** A plain kafkajs client, which waits out every fault. */
export function patientKafka(brokers: readonly string[]): Kafka {
  const retry = { retries: 10_000, initialRetryTime: 50, maxRetryTime: 500 };
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry, requestTimeout: 5_000 });
}

export async function makeTopics(brokers: readonly string[]): Promise<void> {
  const admin = patientKafka(brokers).admin();
  await admin.connect();
  const topics = [IN, OUT].map((topic) => ({ topic, numPartitions: PARTITIONS }));
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
}

/** All of a topic, by partition in order. What its writer was told is not asked: this is what there is. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<readonly Travelling[]> {
  const kafka = patientKafka(brokers);
  const total = await countOf(brokers, topic);
  const consumer = kafka.consumer({ groupId: `soak-reader-${topic}-${Date.now()}` });
  const read: Travelling[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  if (total > 0) {
    await new Promise<void>((resolve) => {
      void consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => {
          if (read.push(JSON.parse(message.value!.toString()) as Travelling) === total) resolve();
        },
      });
    });
  }
  await consumer.disconnect();
  return read;
}

/** How many messages a topic holds. */
async function countOf(brokers: readonly string[], topic: string): Promise<number> {
  const admin = patientKafka(brokers).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

/** How many messages the bridge's group has not committed yet. */
export async function lagOf(brokers: readonly string[]): Promise<number> {
  const admin = patientKafka(brokers).admin();
  await admin.connect();
  const [ends, [group]] = await Promise.all([
    admin.fetchTopicOffsets(IN),
    admin.fetchOffsets({ groupId: GROUP, topics: [IN] }),
  ]);
  await admin.disconnect();
  const committed = new Map(group!.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
  return ends.reduce((sum, { partition, high }) => sum + Number(high) - (committed.get(partition) ?? 0), 0);
}

/** The stream in its order, and how many of its messages the durable consumer has not settled yet. */
export async function readStream(url: string): Promise<{ read: readonly Travelling[]; unsettled: number }> {
  const connection = await connect({ servers: url, waitOnFirstConnect: true });
  const manager = await connection.jetstreamManager();
  const { state } = await manager.streams.info(STREAM);
  const { num_pending: waiting, num_ack_pending: open } = await manager.consumers.info(STREAM, DURABLE);
  const read: Travelling[] = [];
  const consumer = await connection.jetstream().consumers.get(STREAM);
  while (read.length < state.messages) {
    for await (const message of await consumer.fetch({ max_messages: 5_000, expires: 1_000 }))
      read.push(message.json());
  }
  await connection.close();
  return { read, unsettled: waiting + open };
}
