#!/usr/bin/env bash
# One array with an iterator of its own makes every spread of every array in the process some ten times slower.
#
# Versions: Node 20.20.2 and 26.10.0 (V8 11.3 and 14.6); 22.23.3 and 24.21.0 do the same.
# Expected: a property of one array concerns that array. A list that is computed when it is spread, for one, is often made so.
# Seen:     `list[Symbol.iterator] = …` on one array, even an empty one that nobody keeps, and V8 iterates over all arrays by the
#           long way until the process ends (`%ArrayIteratorProtector()` becomes false): `[...list]` and `Math.max(...list)` of
#           three numbers take 7 to 17 times as long, `new Set(list)` up to three times. `for (… of list)` takes as long as before, and so does
#           a spread beside a class that extends Array and has the same iterator.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages node-20@npm:node@20.20.2 node-26@npm:node@26.10.0
cat >probe.mjs <<'EOF'
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--allow-natives-syntax');
const isShort = new Function('return %ArrayIteratorProtector()');
const list = [1, 2, 3];
let sum = 0;
const ways = {
  'a spread': () => (sum += [...list].length),
  'spread arguments': () => (sum += Math.max(...list)),
  'a loop': () => {
    for (const one of list) sum += one;
  },
};
const least = (way) => {
  let ns = Infinity;
  for (let round = 0; round < 30; round++) {
    const begun = process.hrtime.bigint();
    for (let index = 0; index < 100_000; index++) way();
    ns = Math.min(ns, Number(process.hrtime.bigint() - begun));
  }
  return ns;
};
const all = () => Object.entries(ways).map(([name, way]) => [name, least(way)]);
const before = Object.fromEntries(all());
const tell = (what) => {
  const slow = all().filter(([name, ns]) => ns > 3 * before[name]);
  console.log(`Node ${process.versions.node}, ${what}: short way ${isShort()}; more than three times as long: ${slow.map(([name]) => name).join(', ') || 'nothing'}`);
};

class Computed extends Array {
  *[Symbol.iterator]() {
    yield 4;
  }
}
console.log(...new Computed());
tell('a class that extends Array');
[][Symbol.iterator] = function* () {};
tell('one array with an iterator of its own');
EOF
cat >expected <<'EOF'
4
Node 20.20.2, a class that extends Array: short way true; more than three times as long: nothing
Node 20.20.2, one array with an iterator of its own: short way false; more than three times as long: a spread, spread arguments
4
Node 26.10.0, a class that extends Array: short way true; more than three times as long: nothing
Node 26.10.0, one array with an iterator of its own: short way false; more than three times as long: a spread, spread arguments
EOF
for node in node-20 node-26; do "node_modules/$node/bin/node" probe.mjs; done | tee seen
compare
