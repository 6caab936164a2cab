#!/usr/bin/env bash
# A KV key that expired is a value of zero bytes to nats.js 2, and a lock of that name can never be taken again by it.
#
# Versions: nats 2.29.3, @nats-io/kv 3.4.0 with @nats-io/transport-node 3.4.0, nats-server 2.15.1.
# Expected: both clients of one maker agree on what a bucket holds: an expired key is gone, and create() works again.
# Seen:     the server leaves a marker for the expired key (Nats-Marker-Reason: MaxAge). @nats-io/kv 3.4.0 reads it as PURGE and
#           create() succeeds, yet its keys() lists the key. nats 2.29.3 looks at KV-Operation alone, which the marker lacks:
#           get(), watch() and keys() show a key with an empty value, and create() fails by "wrong last sequence" until the
#           marker, too, has gone. One service that is still on 2.29.3 takes no lock that expired, and copies an empty value
#           where a deletion should go.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';
import { connect as connect3 } from '@nats-io/transport-node';
import { Kvm } from '@nats-io/kv';

const servers = `nats://127.0.0.1:${process.env.PORT}`;
const connection = await connect({ servers, waitOnFirstConnect: true });
const connection3 = await connect3({ servers });
const newer = await new Kvm(connection3).create('locks', { markerTTL: 3_600_000 });
const older = await connection.jetstream().views.kv('locks');

const told = (entry) => (entry === null ? 'nothing' : `${entry.operation} of ${JSON.stringify(entry.string())}`);
const named = async (keys) => {
  const names = [];
  for await (const name of await keys) names.push(name);
  return names.length ? names.join() : 'none';
};
const create = (bucket, who) => bucket.create('job', who).then((revision) => `revision ${revision}`, (error) => error.message);

await newer.create('job', 'first holder', '1s');
const expired = async () => (await newer.get('job')).operation !== 'PUT';
while (!(await expired())) await new Promise((resolve) => setTimeout(resolve, 100));

console.log(`get:    nats ${told(await older.get('job'))}; @nats-io ${told(await newer.get('job'))}`);
console.log(`keys:   nats ${await named(older.keys())}; @nats-io ${await named(newer.keys())}`);
console.log(`create: nats ${await create(older, 'second')}; @nats-io ${await create(newer, 'third')}`);
await newer.delete('job');
console.log(`create after delete(): nats ${await create(older, 'fourth')}`);
await connection3.close();
await connection.close();
EOF
cat >expected <<'EOF'
get:    nats PUT of ""; @nats-io PURGE of ""
keys:   nats job; @nats-io job
create: nats wrong last sequence: 2; @nats-io revision 3
create after delete(): nats revision 5
EOF
start_nats_server
node probe.mjs | tee seen
compare
