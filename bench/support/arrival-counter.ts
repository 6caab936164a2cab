import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { kafkaClient, natsClient } from './servers.js';
import { idOf, Tally } from './tally.js';
import type { Arrivals } from './task.js';

/** Reads what has arrived at a target. */
export interface ArrivalCounter {
  read(): Promise<Arrivals>;
  end(): Promise<void>;
}

/** Counts arrivals on a core subject, in another process, so that it does not share the bridge's event loop. */
export async function countSubject(subject: string, count: number): Promise<ArrivalCounter> {
  const env = { ...process.env, SUBJECT: subject, COUNT: String(count) };
  const child = fork(new URL('./arrivals.js', import.meta.url), { env, stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    read: () => settled(child),
    async end() {
      child.kill();
    },
  };
}

/** What is under way on the loopback arrives within moments: read until two readings agree. */
async function settled(child: ChildProcess): Promise<Arrivals> {
  for (let last = -1; ;) {
    const now = await ask(child);
    if (now.arrived === last) return now;
    last = now.arrived;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function ask(child: ChildProcess): Promise<Arrivals> {
  child.stdin!.write('\n');
  const [now] = (await once(child, 'message')) as [Arrivals];
  return now;
}

/** Makes a stream for a subject, and reads all of it. */
export async function countStream(
  stream: string,
  subject: string,
  count: number,
  batched = false,
): Promise<ArrivalCounter> {
  const connection = await natsClient();
  const manager = await connection.jetstreamManager();
  // The types of nats 2 are older than the setting.
  const config = { name: stream, subjects: [subject], allow_batched: batched };
  await manager.streams.add(config);
  return {
    async read() {
      const { state } = await manager.streams.info(stream);
      const tally = new Tally(count);
      if (state.messages === 0) return tally.read();
      const consumer = await connection.jetstream().consumers.get(stream);
      let left = state.messages;
      for await (const { data } of await consumer.consume({ max_messages: 5_000 })) {
        tally.see(idOf(data));
        if (--left === 0) break;
      }
      return tally.read();
    },
    async end() {
      await manager.streams.delete(stream);
      await connection.close();
    },
  };
}

/** Reads all of a topic; order is that of each partition. */
export async function countTopic(topic: string, count: number): Promise<ArrivalCounter> {
  const kafka = kafkaClient();
  const admin = kafka.admin();
  await admin.connect();
  return {
    read: async () => {
      const ends = await admin.fetchTopicOffsets(topic);
      const total = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
      const tally = new Tally(count);
      if (total === 0) return tally.read();
      const consumer = kafka.consumer({ groupId: `${topic}-reader`, maxWaitTimeInMs: 200 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      let left = total;
      await new Promise<void>((resolve, reject) => {
        const eachBatch = async ({ batch }: { batch: Batch }): Promise<void> => {
          for (const { value } of batch.messages) tally.see(idOf(value!), batch.partition);
          if ((left -= batch.messages.length) <= 0) resolve();
        };
        consumer.run({ autoCommit: false, eachBatch }).catch(reject);
      });
      await consumer.disconnect();
      return tally.read();
    },
    async end() {
      await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
      await admin.disconnect();
    },
  };
}

interface Batch {
  readonly partition: number;
  readonly messages: readonly { readonly value: Buffer | null }[];
}
