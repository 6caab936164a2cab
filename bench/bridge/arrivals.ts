import { createInterface } from 'node:readline';
import { natsClient } from '../support/servers.js';

// A subscriber in a process of its own: counts what arrives on a subject, and which ids.
const connection = await natsClient();
const subject = process.env['SUBJECT']!;
const ids = new Set<string>();
let arrived = 0;

connection.subscribe(subject, {
  callback: (_error, { data }) => {
    arrived++;
    const text = Buffer.from(data).toString('latin1', 0, 24);
    ids.add(text.slice(0, text.indexOf(',')));
  },
});
await connection.flush();
process.send!('ready');
createInterface({ input: process.stdin }).on('line', () => process.send!({ arrived, distinct: ids.size }));
