import { connect as dial, type NatsConnection } from 'nats';
import { kafkaClient } from '../support/servers.js';

/** A server that has just been started answers within moments. */
function connect(servers: string): Promise<NatsConnection> {
  return dial({ servers, waitOnFirstConnect: true, maxReconnectAttempts: 100, reconnectTimeWait: 100 });
}

/** Makes the file stream that records what arrives, with `allow_batched` if `batched`. */
export async function recordArrivals(natsUrl: string, stream: string, subject: string, batched = false): Promise<void> {
  const connection = await connect(natsUrl);
  const manager = await connection.jetstreamManager();
  // nats 2.x has no field for it.
  const config = { name: stream, subjects: [subject], allow_batched: batched };
  await manager.streams.add(config);
  await connection.close();
}

/** How often each id arrived. */
export async function arrivals(natsUrl: string, stream: string): Promise<Map<number, number>> {
  const connection = await connect(natsUrl);
  const { state } = await (await connection.jetstreamManager()).streams.info(stream);
  const seen: number[] = [];
  const consumer = state.messages === 0 ? undefined : await connection.jetstream().consumers.get(stream);
  while (consumer !== undefined && seen.length < state.messages) {
    for await (const message of await consumer.fetch({ max_messages: 1_000, expires: 1_000 })) {
      seen.push(message.json<{ id: number }>().id);
    }
  }
  await connection.close();
  return timesOf(seen);
}

/** How often each id is among them. */
export function timesOf(ids: readonly number[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

/** The ids whose offsets the group has committed. */
export async function committedIds(topic: string, group: string): Promise<Set<number>> {
  const kafka = kafkaClient();
  const admin = kafka.admin();
  await admin.connect();
  const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  await admin.disconnect();
  const committed = new Map(offsets!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const ids = new Set<number>();
  for (const { partition, offset, id } of await everything(topic)) if (offset < committed.get(partition)!) ids.add(id);
  return ids;
}

async function everything(topic: string): Promise<{ partition: number; offset: number; id: number }[]> {
  const kafka = kafkaClient();
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const total = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const consumer = kafka.consumer({ groupId: `${topic}-reader-${process.pid}-${Date.now()}` });
  const records: { partition: number; offset: number; id: number }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const { id } = JSON.parse(message.value!.toString()) as { id: number };
        if (records.push({ partition, offset: Number(message.offset), id }) === total) resolve();
      },
    });
  });
  await consumer.disconnect();
  return records;
}
