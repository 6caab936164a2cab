#!/usr/bin/env bash
# A NATS server whose configuration is read again with another max_payload tells no client that is connected.
#
# Versions: nats-server 2.15.1, nats 2.29.3, @nats-io/transport-node 3.4.0.
# Expected: the server sends its INFO once more, as it does for other changes of itself, and clients follow.
# Seen:     raised, it is told to new connections alone: a connected client goes on refusing what the server would take, until
#           it happens to reconnect. Lowered, a connected client goes on sending: the first message that is too large ends its
#           connection, with all that it had on its way, and only then it knows.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
configure() { printf 'listen: 127.0.0.1:%s\nmax_payload: %s\n' "$PORT" "$1" >server.conf; }
export -f configure
configure 1000
./nats-server -c server.conf >server.log 2>&1 &
server=$!
export SERVER=$server
cat >probe.mjs <<'EOF'
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connect2 } from 'nats';
import { connect as connect3 } from '@nats-io/transport-node';

const servers = `127.0.0.1:${process.env.PORT}`;

async function reload(maxPayload) {
  execFileSync('bash', ['-c', `configure ${maxPayload}`]);
  process.kill(Number(process.env.SERVER), 'SIGHUP');
  await sleep(1_000);
}

async function publish(connection, size) {
  try {
    connection.publish('orders', new Uint8Array(size));
    await connection.flush();
    return 'sent';
  } catch (error) {
    return /disconnect/i.test(`${error.name} ${error.message}`) ? 'disconnected' : 'refused by the client';
  }
}

for (const [name, connect] of [['nats', connect2], ['@nats-io', connect3]]) {
  await reload(1_000);
  const connection = await connect({ servers, waitOnFirstConnect: true, reconnectTimeWait: 50 });
  await reload(5_000);
  const other = await connect({ servers });
  const of = (one) => one.info?.max_payload;
  console.log(`${name}, raised to 5000: it knows ${of(connection)}, another one ${of(other)}`);
  console.log(`${name}, 2000 bytes: ${await publish(connection, 2_000)}; by the other one: ${await publish(other, 2_000)}`);
  await reload(1_000);
  console.log(`${name}, lowered to 1000: the other one knows ${of(other)}`);
  const outcome = await publish(other, 2_000);
  for (let time = 0; time < 100 && of(other) !== 1_000; time++) await sleep(50);
  console.log(`${name}, 2000 bytes: ${outcome}, and now it knows ${of(other)}`);
  await connection.close();
  await other.close();
}
EOF
cat >expected <<'EOF'
nats, raised to 5000: it knows 1000, another one 5000
nats, 2000 bytes: refused by the client; by the other one: sent
nats, lowered to 1000: the other one knows 5000
nats, 2000 bytes: disconnected, and now it knows 1000
@nats-io, raised to 5000: it knows 1000, another one 5000
@nats-io, 2000 bytes: refused by the client; by the other one: sent
@nats-io, lowered to 1000: the other one knows 5000
@nats-io, 2000 bytes: disconnected, and now it knows 1000
EOF
node probe.mjs | tee seen
compare
