#!/usr/bin/env bash
# The loop over fetch() of nats.js 2 does not end with its connection: it waits until the fetch expires.
#
# Versions: nats 2.29.3, @nats-io/jetstream 3.4.0 with @nats-io/transport-node 3.4.0, nats-server 2.15.1.
# Expected: `await connection.close()` ends whatever reads by it, with or without an error; nothing is written to the console.
# Seen:     nats 2.29.3 keeps `for await (… of await consumer.fetch({ expires: 4_000 }))` waiting for the 4 s, as if the server
#           could still answer (30 s by default), and its heartbeat monitor writes "aborting resetPending - connection is
#           closed" by console.error. @nats-io/jetstream 3.4.0 ends the loop at once and writes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/jetstream@3.4.0 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';
import { connect as connect3 } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

const options = { servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true };
const written = [];
console.error = (...line) => written.push(line.join(' '));

async function closedWhileFetching(connection, manager, context, name) {
  await manager.streams.add({ name, subjects: [name], storage: 'memory' });
  await manager.consumers.add(name, { durable_name: 'reader', ack_policy: 'explicit' });
  const consumer = await context.consumers.get(name, 'reader');
  const messages = await consumer.fetch({ max_messages: 10, expires: 4_000 });
  const reading = (async () => {
    for await (const message of messages) message.ack();
  })();
  setTimeout(() => void connection.close(), 300);
  const began = performance.now();
  const how = await reading.then(() => 'ended', (error) => `threw "${error.message}"`);
  const when = performance.now() - began < 2_000 ? 'at once' : 'when the fetch had expired';
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  return `${how} ${when}; written: ${written.splice(0).join(', ') || 'nothing'}`;
}

const two = await connect(options);
console.log(`nats 2.29.3: ${await closedWhileFetching(two, await two.jetstreamManager(), two.jetstream(), 'TWO')}`);
const three = await connect3(options);
console.log(`@nats-io 3.4.0: ${await closedWhileFetching(three, await jetstreamManager(three), jetstream(three), 'THREE')}`);
process.exit(0);
EOF
cat >expected <<'EOF'
nats 2.29.3: ended when the fetch had expired; written: aborting resetPending - connection is closed
@nats-io 3.4.0: ended at once; written: nothing
EOF
start_nats_server
node probe.mjs | tee seen
compare
