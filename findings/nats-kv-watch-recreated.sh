#!/usr/bin/env bash
# A KV watch goes deaf when its bucket is made anew, and neither ends nor says so.
#
# Versions: nats 2.29.3, @nats-io/kv 3.4.0 with @nats-io/transport-node 3.4.0, nats-server 2.15.1.
# Expected: a watch on a bucket that was deleted ends or throws; or it follows the bucket of that name that is there now.
# Seen:     the bucket is deleted and made again (a migration, a test), or it is in memory, its server restarts, and the
#           application creates it again: revisions begin with 1. nats 2.29.3 makes its consumer again behind the scenes from
#           the revision after the last that it saw: it hands over nothing until the new bucket has passed that number, and begins
#           in the middle. @nats-io/kv 3.4.0 hands over nothing then, either. The loops go on waiting; in the half minute
#           that is looked at here nothing ends and nothing is thrown, while get() works. (nats-server #6614, open, asks that
#           watchers be told of a removed bucket.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'nats';
import { connect as connect3 } from '@nats-io/transport-node';
import { Kvm } from '@nats-io/kv';

const options = { servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true, maxReconnectAttempts: -1, reconnectTimeWait: 200 };
const [older, newer, writer] = [await connect(options), await connect3(options), await connect3(options)];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const buckets = new Kvm(writer);

async function watched(name, anew) {
  const seen = { nats: [], '@nats-io': [] };
  const follow = async (who, watch) => {
    try {
      for await (const { key } of await watch) seen[who].push(key);
      seen[who].push('(ended)');
    } catch (error) {
      seen[who].push(`(${error.message})`);
    }
  };
  const told = (when) =>
    console.log(`${name}, ${when}: ${Object.entries(seen).map(([who, keys]) => `${who} saw ${keys.splice(0).join(' ') || 'nothing'}`).join(', ')}`);
  const bucket = await buckets.create(name, { storage: 'memory' });
  const oldBucket = await older.jetstream().views.kv(name);
  const newBucket = await new Kvm(newer).open(name);
  void follow('nats', oldBucket.watch());
  void follow('@nats-io', newBucket.watch());
  await sleep(1_000);
  for (const key of ['a', 'b', 'c', 'd', 'e']) await bucket.put(key, '');
  while (seen.nats.length < 5 || seen['@nats-io'].length < 5) await sleep(50);
  told('before');
  const again = await anew(bucket);
  const revision = await again.put('f', '');
  for (const key of ['g', 'h']) await again.put(key, '');
  await sleep(20_000);
  told(`made anew, f g h put from revision ${revision} on`);
  for (const key of ['i', 'j', 'k', 'l']) await again.put(key, '');
  await sleep(10_000);
  told('i j k l put');
  const got = await Promise.all([oldBucket.get('l'), newBucket.get('l')]);
  console.log(`${name}, get('l'): revisions ${got.map((entry) => entry?.revision).join(' and ')}`);
}

const create = (name) => buckets.create(name, { storage: 'memory' }).catch(() => sleep(100).then(() => create(name)));
await watched('deleted', async (bucket) => {
  await bucket.destroy();
  return create('deleted');
});
await watched('restarted', async () => {
  writeFileSync('ready', '');
  while (existsSync('ready')) await sleep(50);
  return create('restarted');
});
process.exit(0);
EOF
cat >expected <<'EOF'
deleted, before: nats saw a b c d e, @nats-io saw a b c d e
deleted, made anew, f g h put from revision 1 on: nats saw nothing, @nats-io saw nothing
deleted, i j k l put: nats saw k l, @nats-io saw nothing
deleted, get('l'): revisions 7 and 7
restarted, before: nats saw a b c d e, @nats-io saw a b c d e
restarted, made anew, f g h put from revision 1 on: nats saw nothing, @nats-io saw nothing
restarted, i j k l put: nats saw k l, @nats-io saw nothing
restarted, get('l'): revisions 7 and 7
EOF
start_nats_server
node probe.mjs >seen &
probe=$!
until [ -e ready ] || ! kill -0 "$probe" 2>/dev/null; do sleep 0.1; done
stop_nats_server
start_nats_server
rm -f ready
wait "$probe"
cat seen
compare
