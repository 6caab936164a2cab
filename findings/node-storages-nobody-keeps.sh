#!/usr/bin/env bash
# An AsyncLocalStorage that has run once, and that nobody keeps, makes promises slower on Node 20 and 22, and `run()` on 24 and 26.
#
# Versions: Node 20.20.2, 22.23.3, 24.21.0 and 26.10.0.
# Expected: once `run()` has returned nothing is left of it, and a storage that nobody keeps is collected, as any object. A test runner,
#           for one, evaluates a library anew for each test file, and its storages with it.
# Seen:     on Node 20 and 22 a storage is on a list of the process from its first `run()` until `disable()`: of 300 that nobody keeps
#           none is collected, and each promise within a `run()` of another storage takes more than twenty times as long (100 to 240
#           were seen), wherever they ran. On 24 and 26 those that ran in another async context are collected, and cost nothing; of those
#           that ran in this one each has left an entry, without a store, which keeps it, and each further `run()` there copies
#           all entries: more than twenty times as long (100 to 150 were seen), and promises as fast as before.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages node-20@npm:node@20.20.2 node-22@npm:node@22.23.3 node-24@npm:node@24.21.0 node-26@npm:node@26.10.0
cat >probe.mjs <<'EOF'
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';

const used = new AsyncLocalStorage();
const least = async (act) => {
  let ns = Infinity;
  for (let round = 0; round < 30; round++) {
    const begun = process.hrtime.bigint();
    await act();
    ns = Math.min(ns, Number(process.hrtime.bigint() - begun));
  }
  return ns;
};
const ways = {
  promises: () =>
    used.run({}, async () => {
      for (let index = 0; index < 2_000; index++) await null;
    }),
  'run()': () => {
    for (let index = 0; index < 300; index++) used.run({}, () => {});
  },
};
const before = {};
for (const [name, act] of Object.entries(ways)) before[name] = await least(act);
const forgotten = () =>
  Array.from({ length: 300 }, () => {
    const storage = new AsyncLocalStorage();
    storage.run({}, () => {});
    return new WeakRef(storage);
  });
const tell = async (where, storages) => {
  await wait(10);
  globalThis.gc();
  const kept = storages.filter((one) => one.deref() !== undefined).length;
  const slow = [];
  for (const [name, act] of Object.entries(ways)) if ((await least(act)) > 20 * before[name]) slow.push(name);
  const [major] = process.versions.node.split('.');
  console.log(`Node ${major}, 300 that ran in ${where}: ${kept} kept; more than twenty times as long: ${slow.join(', ') || 'nothing'}`);
};
await tell('another context', await new Promise((resolve) => setTimeout(() => resolve(forgotten()), 1)));
await tell('this context', forgotten());
EOF
cat >expected <<'EOF'
Node 20, 300 that ran in another context: 300 kept; more than twenty times as long: promises
Node 20, 300 that ran in this context: 300 kept; more than twenty times as long: promises
Node 22, 300 that ran in another context: 300 kept; more than twenty times as long: promises
Node 22, 300 that ran in this context: 300 kept; more than twenty times as long: promises
Node 24, 300 that ran in another context: 0 kept; more than twenty times as long: nothing
Node 24, 300 that ran in this context: 300 kept; more than twenty times as long: run()
Node 26, 300 that ran in another context: 0 kept; more than twenty times as long: nothing
Node 26, 300 that ran in this context: 300 kept; more than twenty times as long: run()
EOF
for node in node-20 node-22 node-24 node-26; do "node_modules/$node/bin/node" --expose-gc probe.mjs; done | tee seen
compare
