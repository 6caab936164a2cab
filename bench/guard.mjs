// Compares the processor time of a message, on twins, with that of an earlier commit, and fails where a change made it more than
// 10 % dearer: npm run bench:guard -- [--base <ref>] [--pairs 9] [--rounds 10]. What the noise hides is said to be not proven.
// `--self-test` compares the code with itself, once as it is and once with handlers that do more, which must be found.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { baseOf, checkedOut } from './guard/base.mjs';
import { compiled } from './guard/compile.mjs';
import { measurePairs } from './guard/pairs.mjs';
import { LIMIT, verdictOf } from './guard/verdict.mjs';

const root = path.resolve(import.meta.dirname, '..');
const workload = path.join(import.meta.dirname, 'guard/workload.mjs');
const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    pairs: { type: 'string', default: '9' },
    rounds: { type: 'string', default: '10' },
    'self-test': { type: 'boolean', default: false },
  },
});
const size = { pairs: Number(values.pairs), rounds: Number(values.rounds) };
// Of a process, as one checkout may be measured by two.
const folder = path.join(root, '.tmp', `guard-${process.pid}`);

try {
  process.exitCode = values['self-test'] ? await selfTest() : await guard();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function guard() {
  const base = baseOf(values.base);
  if (base === undefined) {
    console.log(
      'not proven: this clone has no earlier commit to compare with (a shallow one needs --depth 2, or a tag)',
    );
    return 0;
  }
  console.log(`HEAD beside ${base.commit.slice(0, 9)}, ${base.what}`);
  const head = compiled(root, path.join(folder, 'head'), workload);
  const script = await checkedOut(base.commit, path.join(folder, 'checkout'), (checkout) =>
    compiled(checkout, path.join(folder, 'base'), workload),
  );
  const verdict = await compare({ base: { script }, head: { script: head } });
  return verdict === 'slower' ? 1 : 0;
}

async function selfTest() {
  const script = compiled(root, path.join(folder, 'head'), workload);
  const same = await compare({ base: { script }, head: { script } });
  const planted = await compare({ base: { script }, head: { script, env: { WORK: '8' } } });
  if (same !== 'slower' && planted === 'slower') return 0;
  console.log(`The guard is of no use: the same code is "${same}", and a planted slowdown "${planted}"`);
  return 1;
}

async function compare(sides) {
  const results = await measurePairs(sides, size, ({ ratio, base, head }, pair) => {
    console.log(`  pair ${pair + 1}: ${base.toFixed(2)} µs, now ${head.toFixed(2)} µs, ${ratio.toFixed(3)} times`);
  });
  const { verdict, median, least, most } = verdictOf(results.map(({ ratio }) => ratio));
  const range = `${median.toFixed(3)} times the processor time (${least.toFixed(3)} to ${most.toFixed(3)}, limit ${LIMIT})`;
  console.log(`${verdict}: ${range}`);
  return verdict;
}
