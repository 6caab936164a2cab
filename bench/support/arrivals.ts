import { createInterface } from 'node:readline';
import { natsClient } from './servers.js';
import { idOf, Tally } from './tally.js';

// A subscriber in a process of its own: counts what arrives on a subject, which ids, and in which order.
const connection = await natsClient();
const subject = process.env['SUBJECT']!;
const tally = new Tally(Number(process.env['COUNT']));

connection.subscribe(subject, { callback: (_error, { data }) => tally.see(idOf(data)) });
await connection.flush();
process.send!('ready');
createInterface({ input: process.stdin }).on('line', () => process.send!(tally.read()));
