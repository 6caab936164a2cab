import type { Batch, EachBatchPayload } from 'kafkajs';
import { kafkaClient } from '../../support/servers.js';
import { bytesAlone, pass, type Task, work } from '../../support/task.js';
import type { Chunk, Write } from './chunk.js';
import { decode, encode } from './json.js';

const CHUNK = 1_024;
const OPEN_BATCHES = 4;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The best loop known from Kafka: eachBatch, handlers one after another, outputs written per chunk with a turn of the event
 * loop between chunks, the confirmation and the commit in the background.
 */
export async function fromKafka({ source, id }: Task, write: Write, finished: (count: number) => void): Promise<void> {
  const consumer = kafkaClient().consumer({ groupId: id, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic: source, fromBeginning: true });
  const open = new Set<Promise<void>>();
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { confirmed } = await handleBatch(payload, write);
    while (open.size >= OPEN_BATCHES) await Promise.race(open);
    const background: Promise<void> = confirmed.then(() => {
      open.delete(background);
      finished(payload.batch.messages.length);
    });
    open.add(background);
  };
  await consumer.run({ autoCommit: false, eachBatch, partitionsConsumedConcurrently: 1 });
}

async function handleBatch(payload: EachBatchPayload, write: Write): Promise<{ confirmed: Promise<void> }> {
  const { batch, commitOffsetsIfNecessary } = payload;
  const written: Promise<void>[] = [];
  let bodies: Buffer[] = [];
  let from = 0;
  for (const message of batch.messages) {
    const value = message.value!;
    bodies.push(bytesAlone ? await pass(value) : encode(await work(decode(value))));
    if (bodies.length < CHUNK) continue;
    written.push(write(chunkOf(bodies, batch, from)));
    from += bodies.length;
    bodies = [];
    await nextTurn();
  }
  if (bodies.length > 0) written.push(write(chunkOf(bodies, batch, from)));
  const offset = String(Number(batch.lastOffset()) + 1);
  const offsets = { topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }] };
  return { confirmed: Promise.all(written).then(() => commitOffsetsIfNecessary(offsets)) };
}

function chunkOf(bodies: readonly Buffer[], { topic, partition, messages }: Batch, from: number): Chunk {
  return {
    bodies,
    position(index) {
      const { offset, timestamp } = messages[from + index]!;
      return `kafka:0123456789abcdefghijkl:${topic}:${String(partition)}:${offset}:${timestamp}`;
    },
  };
}
