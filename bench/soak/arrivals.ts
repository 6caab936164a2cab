import type { Arrival, Travelling } from './flows.js';
import { patientKafka } from './clients.js';
import type { Servers } from './servers.js';

/** A message of a stream with the time at which it was stored. */
export interface Stored extends Travelling {
  readonly at: number;
}

/** All of a topic, by partition in order. What its writer was told is not asked: this is what there is. */
export async function readTopic({ kafka, admin }: Servers, topic: string): Promise<readonly Travelling[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const total = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const read: Travelling[] = [];
  if (total === 0) return read;
  const consumer = patientKafka(kafka.brokers).consumer({ groupId: `soak-reader-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      const { id, key, by } = JSON.parse(message.value!.toString()) as Travelling;
      if (read.push({ id, key, ...(by === undefined ? {} : { by }) }) === total) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return read;
}

/** All of a stream by subject, in its order. */
export async function readStream({ connection, streams }: Servers, stream: string): Promise<Map<string, Stored[]>> {
  const { state } = await streams.streams.info(stream);
  const bySubject = new Map<string, Stored[]>();
  if (state.messages === 0) return bySubject;
  const consumer = await connection.jetstream().consumers.get(stream);
  let read = 0;
  // One consume(): of a series of fetch() of an ordered consumer some messages never came while the machine was busy.
  for await (const message of await consumer.consume({ max_messages: 1_000 })) {
    const of = bySubject.get(message.subject) ?? [];
    bySubject.set(message.subject, of);
    of.push({ ...message.json<Travelling>(), at: message.info.timestampNanos / 1e6 });
    if (++read === state.messages) break;
  }
  return bySubject;
}

/** Reads each topic and stream once, whatever is asked of it. */
export class Arrivals {
  private readonly topics = new Map<string, Promise<readonly Travelling[]>>();
  private readonly streams = new Map<string, Promise<Map<string, Stored[]>>>();

  constructor(private readonly servers: Servers) {}

  async at(arrival: Arrival): Promise<readonly Travelling[]> {
    return 'topic' in arrival ? this.topic(arrival.topic) : this.stored(arrival.stream, arrival.subject);
  }

  async stored(stream: string, subject: string): Promise<readonly Stored[]> {
    const reading = this.streams.get(stream) ?? readStream(this.servers, stream);
    this.streams.set(stream, reading);
    return (await reading).get(subject) ?? [];
  }

  private topic(topic: string): Promise<readonly Travelling[]> {
    const reading = this.topics.get(topic) ?? readTopic(this.servers, topic);
    this.topics.set(topic, reading);
    return reading;
  }
}
