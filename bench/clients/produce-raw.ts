import { Partitioners } from 'kafkajs';
import { Stopwatch, task, tell } from '../support/task.js';
import { order } from '../support/messages.js';
import { kafkaClient } from '../support/servers.js';
import { PUBLISHED_AT_ONCE } from './job.js';

// Awaited requests of 1,000 messages, as a loop over kafkajs makes them.
const { target: topic, count } = task();
const producer = kafkaClient().producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
const watch = new Stopwatch();
watch.begin();
for (let from = 0; from < count; from += PUBLISHED_AT_ONCE) {
  const messages = Array.from({ length: Math.min(PUBLISHED_AT_ONCE, count - from) }, (_, index) => ({
    key: String(from + index),
    value: JSON.stringify(order(from + index)),
    headers: { 'content-type': 'application/json' },
  }));
  await producer.send({ topic, messages });
}
const report = watch.report(count);
await producer.disconnect();
tell(report);
