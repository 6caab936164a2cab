import type { KafkaMessage } from 'kafkajs';
import { Tally } from '../support/tally.js';
import { Stopwatch, task, tell } from '../support/task.js';
import type { Order } from '../support/messages.js';
import { kafkaClient } from '../support/servers.js';
import { LARGEST_BATCH, SIDE_BY_SIDE, write } from './job.js';

// What `batch` beside `concurrency` does, by hand on kafkajs's eachBatch: keys are spread over as many queues as there may
// be batches at once, and each queue is written batch by batch.
const { source: topic, id, count } = task();
const watch = new Stopwatch();
const tally = new Tally(count);
let handled = 0;
const consumer = kafkaClient().consumer({ groupId: id, maxWaitTimeInMs: 500 });
let finish = (): void => undefined;
const finished = new Promise<void>((resolve) => (finish = resolve));

watch.beginWithFirstFetch('kafka');
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: 8,
  eachBatch: async ({ batch }) => {
    const queues = Array.from({ length: SIDE_BY_SIDE }, () => [] as KafkaMessage[]);
    for (const message of batch.messages) queues[Number(message.key) % SIDE_BY_SIDE]!.push(message);
    await Promise.all(queues.map(writeAll));
    handled += batch.messages.length;
    if (handled >= count) finish();
  },
});
await finished;
const report = { ...watch.report(handled), seen: tally.read() };
await consumer.disconnect();
tell(report);

async function writeAll(messages: readonly KafkaMessage[]): Promise<void> {
  for (let from = 0; from < messages.length; from += LARGEST_BATCH) {
    const orders = messages.slice(from, from + LARGEST_BATCH).map(({ value }) => JSON.parse(String(value)) as Order);
    if (orders.length > 0) await write();
    for (const order of orders) tally.see(order.id);
  }
}
