import type { Order } from '../support/messages.js';
import { kafkaClient, natsClient } from '../support/servers.js';
import { Stopwatch, task, tell, work } from './task.js';

// The loop that people write first: eachMessage, and each publish is awaited.
const { topic, target, count } = task();
const connection = await natsClient();
const jetstream = connection.jetstream();
const consumer = kafkaClient().consumer({ groupId: `${topic}-awaited`, maxWaitTimeInMs: 500 });
const watch = new Stopwatch();
let done = 0;

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    if (done >= count) return;
    watch.begin();
    const result = await work(JSON.parse(message.value!.toString()) as Order);
    await jetstream.publish(target, Buffer.from(JSON.stringify(result)));
    if (++done === count) tell(watch.report(done));
  },
});
