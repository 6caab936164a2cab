import type { JsMsg, Subscription } from 'nats';
import type { Order } from '../support/messages.js';
import { kafkaClient, natsClient } from '../support/servers.js';
import { Tally } from '../support/tally.js';
import { ready, Stopwatch, task, tell, took } from '../support/task.js';
import { decode } from './loop/json.js';
import { streamConsumer } from './loop/stream-source.js';

// Messages that an async handler takes, and that are acknowledged: the best loops on the clients alone. STYLE=each is the one
// that people write.
const asked = task();
const watch = new Stopwatch();
const tally = new Tally(asked.count);
const each = process.env['STYLE'] === 'each';
let done = 0;

const handle = async ({ id }: Order): Promise<void> => {
  took();
  tally.see(id);
};

function finished(count: number): void {
  done += count;
  if (done >= asked.count) tell({ ...watch.report(done), seen: tally.read() });
}

async function fromKafka(): Promise<void> {
  const consumer = kafkaClient().consumer({ groupId: asked.id, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic: asked.source, fromBeginning: true });
  if (each) {
    await consumer.run({
      eachMessage: async ({ message }) => {
        await handle(JSON.parse(message.value!.toString()) as Order);
        finished(1);
      },
    });
    return;
  }
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) await handle(JSON.parse(value!.toString()) as Order);
      finished(batch.messages.length);
    },
  });
}

async function fromCore(): Promise<void> {
  const connection = await natsClient();
  if (each) {
    void inOrder(connection.subscribe(asked.source));
    await connection.flush();
    ready();
    return;
  }
  connection.subscribe(asked.source, {
    callback: (_error, { data }) => void handle(decode(data)).then(() => finished(1)),
  });
  await connection.flush();
  ready();
}

/** A handler begins when the one before it is over, as the library has it; those of the callback run side by side. */
async function inOrder(messages: Subscription): Promise<void> {
  for await (const { data } of messages) {
    await handle(decode(data));
    finished(1);
  }
}

async function fromStream(): Promise<void> {
  const { connection, consumer } = await streamConsumer(asked);
  let handled: JsMsg[] = [];
  // The acknowledgements of one turn of the event loop leave in one write.
  const settle = (): void => {
    const messages = handled;
    handled = [];
    for (const message of messages) message.ack();
    void connection.flush().then(() => finished(messages.length));
  };
  const callback = async (message: JsMsg): Promise<void> => {
    await handle(decode(message.data));
    if (handled.push(message) === 1) setImmediate(settle);
  };
  await consumer.consume({ max_messages: 2_000, callback: (message) => void callback(message) });
}

watch.beginWithFirstFetch(asked.from);
if (asked.from === 'kafka') await fromKafka();
else if (asked.from === 'core') await fromCore();
else await fromStream();
