import type { Batch, EachBatchPayload } from 'kafkajs';
import type { Order } from '../support/messages.js';
import { kafkaClient } from '../support/servers.js';
import { Stopwatch, task, tell, work } from './task.js';

/**
 * Writes one chunk of encoded outputs, made of the batch's messages from `from` on; resolves when the target confirmed
 * it.
 */
export type WriteChunk = (chunk: readonly Buffer[], batch: Batch, from: number) => Promise<void>;

const CHUNK = 1_024;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The best loop known for Kafka to NATS: eachBatch, handlers one after another, publishes written per chunk with a
 * turn of the event loop between chunks, the confirmation and the commit in the background (at most 4 batches open).
 */
export async function runBestLoop(write: WriteChunk): Promise<void> {
  const { topic, count } = task();
  const consumer = kafkaClient().consumer({ groupId: `${topic}-hand`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const watch = new Stopwatch();
  const open = new Set<Promise<void>>();
  let done = 0;
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    watch.begin();
    const { confirmed } = await handleBatch(payload, write);
    while (open.size >= 4) await Promise.race(open);
    const background: Promise<void> = confirmed.then(() => {
      open.delete(background);
      done += payload.batch.messages.length;
      if (done === count) tell(watch.report(done));
    });
    open.add(background);
  };
  await consumer.run({ autoCommit: false, eachBatch, partitionsConsumedConcurrently: 1 });
}

async function handleBatch(payload: EachBatchPayload, write: WriteChunk): Promise<{ confirmed: Promise<void> }> {
  const { batch, commitOffsetsIfNecessary } = payload;
  const written: Promise<void>[] = [];
  let chunk: Buffer[] = [];
  let from = 0;
  for (const message of batch.messages) {
    const result = await work(JSON.parse(message.value!.toString()) as Order);
    chunk.push(Buffer.from(JSON.stringify(result)));
    if (chunk.length < CHUNK) continue;
    written.push(write(chunk, batch, from));
    from += chunk.length;
    chunk = [];
    await nextTurn();
  }
  written.push(write(chunk, batch, from));
  const offset = String(Number(batch.lastOffset()) + 1);
  const offsets = { topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }] };
  return { confirmed: Promise.all(written).then(() => commitOffsetsIfNecessary(offsets)) };
}
