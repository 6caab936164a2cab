import { AckPolicy, type Consumer, type JsMsg, type NatsConnection } from 'nats';
import { natsClient } from '../../support/servers.js';
import { bytesAlone, pass, type Task, work } from '../../support/task.js';
import type { Write } from './chunk.js';
import { decode, encode, viewOf } from './json.js';

const OPEN_CHUNKS = 16;
const FETCHED_AHEAD = 4_000;

/**
 * The best loop known from JetStream: the messages of a turn of the event loop are handled one after another and written
 * together, and acknowledged once that is confirmed.
 */
export async function fromStream(task: Task, write: Write, finished: (count: number) => void): Promise<void> {
  const { connection, consumer } = await streamConsumer(task);
  let waiting: JsMsg[] = [];
  let busy = false;
  let open = 0;
  const pump = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0 && open < OPEN_CHUNKS) {
      const messages = waiting;
      waiting = [];
      const bodies: Buffer[] = [];
      for (const { data } of messages)
        bodies.push(bytesAlone ? await pass(viewOf(data)) : encode(await work(decode(data))));
      open++;
      const position = (index: number): string =>
        `nats:nats:${task.source}:${String(messages[index]!.seq)}:1790000000000000000`;
      void write({ bodies, position }).then(() => settle(messages));
    }
    busy = false;
  };
  const settle = (messages: readonly JsMsg[]): void => {
    open--;
    for (const message of messages) message.ack();
    void connection.flush().then(() => finished(messages.length));
    if (!busy) void pump();
  };
  const callback = (message: JsMsg): void => {
    waiting.push(message);
    if (busy) return;
    busy = true;
    setImmediate(() => void pump());
  };
  await consumer.consume({ max_messages: FETCHED_AHEAD, callback });
}

/** Makes the run's durable. */
export async function streamConsumer({
  source,
  id,
}: Task): Promise<{ connection: NatsConnection; consumer: Consumer }> {
  const connection = await natsClient();
  const manager = await connection.jetstreamManager();
  const config = { durable_name: id, ack_policy: AckPolicy.Explicit, max_ack_pending: 20_000 };
  await manager.consumers.add(source, config);
  return { connection, consumer: await connection.jetstream().consumers.get(source, id) };
}
