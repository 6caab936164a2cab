import { createRequire } from 'node:module';
import type { EachBatchPayload } from 'kafkajs';
import { Stopwatch, task, tell, work } from '../support/task.js';
import type { Order } from '../support/messages.js';
import { kafkaClient } from '../support/servers.js';
import type { TelemetryReport } from './job.js';

// The reference: kafkajs alone from topic to topic, with its own instrumentation (`VARIANT=opentelemetry`) or without.
const { source: topic, target, count } = task();
const sdk = process.env['VARIANT'] === 'opentelemetry' ? await instrumented() : undefined;

async function instrumented(): Promise<{ spans(): number }> {
  const { startSdk } = await import('./sdk.js');
  const started = startSdk();
  const { KafkaJsInstrumentation } = await import('@opentelemetry/instrumentation-kafkajs');
  new KafkaJsInstrumentation().enable();
  // It takes hold of what is required, which is the same object that an import gives.
  createRequire(import.meta.url)('kafkajs');
  return started;
}

const kafka = kafkaClient();
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: `${topic}-hand`, maxWaitTimeInMs: 500 });
const watch = new Stopwatch();
let done = 0;

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({ autoCommit: false, eachBatch });

async function eachBatch({ batch, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
  watch.begin();
  for (let from = 0; from < batch.messages.length; from += 1_024) {
    const chunk = batch.messages.slice(from, from + 1_024);
    const results = await Promise.all(chunk.map(({ value }) => work(JSON.parse(value!.toString()) as Order)));
    await producer.send({ topic: target, messages: results.map((result) => ({ value: JSON.stringify(result) })) });
  }
  done += batch.messages.length;
  const offset = String(Number(batch.lastOffset()) + 1);
  const offsets = { topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }] };
  await commitOffsetsIfNecessary(offsets);
  if (done >= count) end(watch.report(done));
}

function end(report: Omit<TelemetryReport, 'spans'>): void {
  tell({ ...report, spans: sdk?.spans() ?? 0 } as TelemetryReport);
}
