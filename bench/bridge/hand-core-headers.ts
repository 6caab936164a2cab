import type { Batch } from 'kafkajs';
import type { MsgHdrs } from 'nats';
import { natsClient } from '../support/servers.js';
import { runBestLoop } from './hand-written.js';
import { task } from './task.js';

// The best loop, with the headers that the library writes: what those cost by themselves.
const connection = await natsClient();
const { target } = task();

await runBestLoop(async (chunk, batch, from) => {
  for (const [index, output] of chunk.entries()) {
    connection.publish(target, output, { headers: headersOf(batch, from + index) });
  }
  await connection.flush();
});

/** Made as text: nats.js's own `headers()` check and copy every name and value. */
function headersOf({ topic, partition, messages }: Batch, index: number): MsgHdrs {
  const { offset, timestamp } = messages[index]!;
  const id = `kafka:0123456789abcdefghijkl:${topic}:${partition}:${offset}:${timestamp}`;
  const lines = `correlation-id: ${id}\r\nmulti-broker-hops: 1\r\ncontent-type: application/json\r\n`;
  return { encode: () => Buffer.from(`NATS/1.0\r\n${lines}\r\n`) } as unknown as MsgHdrs;
}
