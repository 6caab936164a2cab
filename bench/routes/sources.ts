import { natsClient } from '../support/servers.js';
import { kafkaClient } from '../support/servers.js';
import { order, prefill } from '../support/messages.js';
import { type Place, STEP } from '../support/task.js';

const PARTITIONS = 8;

/** Filled topics and streams, each read by many runs: every run has a group or a durable of its own. */
export class Sources {
  private readonly filled = new Map<string, Promise<void>>();

  constructor(private readonly prefix: string) {}

  /** Names what a run reads, and fills it where no earlier run did. */
  async get(from: Place, count: number, id: string): Promise<string> {
    if (from !== 'kafka' && from !== 'jetstream') return id;
    const name = `${this.prefix}_${from}_${String(count)}`;
    const fill = from === 'kafka' ? () => prefill(name, count, PARTITIONS) : () => fillStream(name, count);
    let filling = this.filled.get(name);
    if (filling === undefined) this.filled.set(name, (filling = fill()));
    await filling;
    return name;
  }

  async end(): Promise<void> {
    const names = [...this.filled.keys()];
    const admin = kafkaClient().admin();
    await admin.connect();
    const topics = names.filter((name) => name.includes('_kafka_'));
    if (topics.length > 0) await admin.deleteTopics({ topics }).catch(() => undefined);
    await admin.disconnect();
    const connection = await natsClient();
    const manager = await connection.jetstreamManager();
    for (const name of names) if (name.includes('_jetstream_')) await manager.streams.delete(name);
    await connection.close();
  }
}

async function fillStream(name: string, count: number): Promise<void> {
  const connection = await natsClient();
  await (await connection.jetstreamManager()).streams.add({ name, subjects: [`${name}.orders`] });
  const jetstream = connection.jetstream();
  const chunk = 1_000;
  for (let from = 0; from < count; from += chunk) {
    const length = Math.min(chunk, count - from);
    await Promise.all(
      Array.from({ length }, (_, index) =>
        jetstream.publish(`${name}.orders`, Buffer.from(JSON.stringify(order(from + index)))),
      ),
    );
  }
  await connection.close();
}

/** What waits in a process beyond 65,536 messages is dropped: so many are sent before it has taken any. */
const AHEAD = 3 * STEP;

/** Bursts on a subject: `taken` resolves each time that a {@link STEP} has been taken. */
export async function burst(subject: string, count: number, taken: () => Promise<unknown>): Promise<void> {
  const connection = await natsClient();
  for (let id = 0; id < count; id++) {
    if (id >= AHEAD && id % STEP === 0) {
      await connection.flush();
      await taken();
    }
    connection.publish(subject, Buffer.from(JSON.stringify(order(id))));
  }
  await connection.flush();
  await connection.close();
}
