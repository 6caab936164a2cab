import { connect } from 'nats';

// A core subscriber in a process of its own; asked by a message, it answers with the ids that it got.
const connection = await connect({ servers: process.env['SERVER']!, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
const ids: number[] = [];

connection.subscribe(process.env['SUBJECT']!, {
  callback: (_error, message) => ids.push(message.json<{ id: number }>().id),
});
await connection.flush();
process.on('message', () => process.send!(ids));
process.send!('ready');
