#!/usr/bin/env bash
# A lock in a NATS KV bucket lasts as long as its TTL says if the bucket keeps one revision; with more, longer, and in silence.
#
# Versions: nats-server 2.15.1, @nats-io/kv 3.4.0 with @nats-io/transport-node 3.4.0.
# Expected: `create(key, value, '2s')` takes a lock for 2 s, and whoever watches the key is told of its end; `history` is how many
#           old revisions can be looked up, and `markerTTL` how long the marker of the end stays.
# Seen:     in a bucket with history 1 both hold. With history 5 the server raises a TTL below `markerTTL` to that: here the lock
#           is kept for 10 s. And where an older revision of the key is left, its DEL of the last release for one, no
#           marker is written: the lock is free after its TTL, and a watcher that waits for that waits for ever. With either
#           history a holder that renews its lock by update() makes it permanent, as neither update() nor put() takes a TTL.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const TTL = '2s';
const LONG_AFTER_MS = 14_000;

async function trial([history, markerTTL]) {
  const bucket = await new Kvm(connection).create(`history-${history}-${markerTTL}`, { history, markerTTL });
  const begun = Date.now();
  const ends = {};
  void (async () => {
    for await (const { key, operation } of await bucket.watch())
      if (operation === 'PURGE') ends[key] = Date.now() - begun < 8_000 ? 'told of soon' : 'told of after 10 s';
  })();
  await bucket.create('fresh', 'worker-1', TTL);
  await bucket.create('taken-again', 'worker-1', TTL);
  await bucket.delete('taken-again');
  await bucket.create('taken-again', 'worker-2', TTL);
  const revision = await bucket.create('renewed', 'worker-1', TTL);
  await bucket.update('renewed', 'worker-1', revision);
  await sleep(LONG_AFTER_MS);
  const states = ['fresh', 'taken-again', 'renewed'].map(async (key) => {
    const isHeld = (await bucket.get(key))?.operation === 'PUT';
    return `${key} ${isHeld ? 'still held' : 'free'}, its end ${ends[key] ?? 'never told of'}`;
  });
  return `history ${history}, markers of ${markerTTL / 1_000} s: ${(await Promise.all(states)).join('; ')}`;
}
const trials = [[1, 1_000], [1, 10_000], [5, 1_000], [5, 10_000]].map(trial);
console.log((await Promise.all(trials)).join('\n'));
await connection.close();
EOF
cat >expected <<'EOF'
history 1, markers of 1 s: fresh free, its end told of soon; taken-again free, its end told of soon; renewed still held, its end never told of
history 1, markers of 10 s: fresh free, its end told of soon; taken-again free, its end told of soon; renewed still held, its end never told of
history 5, markers of 1 s: fresh free, its end told of soon; taken-again free, its end never told of; renewed still held, its end never told of
history 5, markers of 10 s: fresh free, its end told of after 10 s; taken-again free, its end never told of; renewed still held, its end never told of
EOF
start_nats_server
node probe.mjs | tee seen
compare
