import { natsClient } from '../support/servers.js';
import { runBestLoop } from './hand-written.js';
import { task } from './task.js';

// All publishes of a chunk share one reply subject, and a counter goes down with each answer: the cheapest
// confirmation known, one outcome for the whole chunk.
const connection = await natsClient();
const { target } = task();
const inbox = `_INBOX.${String(process.pid)}`;
const open = new Map<string, { left: number; resolve: () => void }>();
let chunks = 0;

connection.subscribe(`${inbox}.*`, {
  callback: (_error, { subject, data }) => {
    if (data[0] !== 0x7b || data[2] !== 0x73) throw new Error(`not confirmed: ${Buffer.from(data).toString()}`);
    const chunk = open.get(subject)!;
    if (--chunk.left === 0) chunk.resolve();
  },
});

await runBestLoop((chunk) => {
  if (chunk.length === 0) return Promise.resolve();
  const reply = `${inbox}.${String(chunks++)}`;
  return new Promise((resolve) => {
    open.set(reply, { left: chunk.length, resolve });
    for (const output of chunk) connection.publish(target, output, { reply });
  });
});
