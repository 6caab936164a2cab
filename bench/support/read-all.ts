import { patientKafka } from './patient-clients.js';
import type { OwnServers } from './own-servers.js';
import type { Numbered } from './verdict.js';

/** What arrived; `by` names the replica that handled it, where there are several. */
export interface Read extends Numbered {
  readonly by?: string;
}

/** A message of a stream with the time at which it was stored. */
export interface Stored extends Read {
  readonly at: number;
}

/** All of a topic, by partition in order. What its writer was told is not asked: this is what there is. */
export async function readTopic(
  { kafka, admin }: Pick<OwnServers, 'kafka' | 'admin'>,
  topic: string,
): Promise<readonly Read[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const total = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const read: Read[] = [];
  if (total === 0) return read;
  const consumer = patientKafka(kafka.brokers).consumer({ groupId: `reader-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      const { id, key, by } = JSON.parse(message.value!.toString()) as Read;
      if (read.push({ id, key, ...(by === undefined ? {} : { by }) }) === total) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return read;
}

/** All of a stream by subject, in its order. */
export async function readStream(
  { connection, streams }: Pick<OwnServers, 'connection' | 'streams'>,
  stream: string,
): Promise<Map<string, Stored[]>> {
  const { state } = await streams.streams.info(stream);
  const bySubject = new Map<string, Stored[]>();
  if (state.messages === 0) return bySubject;
  const consumer = await connection.jetstream().consumers.get(stream);
  let read = 0;
  // One consume(): of a series of fetch() of an ordered consumer some messages never came while the machine was busy.
  for await (const message of await consumer.consume({ max_messages: 1_000 })) {
    const of = bySubject.get(message.subject) ?? [];
    bySubject.set(message.subject, of);
    of.push({ ...message.json<Read>(), at: message.info.timestampNanos / 1e6 });
    if (++read === state.messages) break;
  }
  return bySubject;
}
