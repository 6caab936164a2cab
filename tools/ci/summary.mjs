// Sums up what the steps of .ci/run left behind. The last line is `N passed, N failed`; the exit code says whether all is well.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const [results] = process.argv.slice(2);
const failures = [];
const total = { passed: 0, failed: 0, skipped: 0, doesNotApply: 0 };

for (const step of readdirSync(results).sort((one, other) => one - other)) {
  const folder = path.join(results, step);
  const read = (name) =>
    existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), 'utf8').trim() : '';
  const runs = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(read(name)));
  const count = (key) => runs.reduce((sum, run) => sum + (run[key] ?? 0), 0);
  const ok = read('exit') === '0';
  const counts = Object.fromEntries(Object.keys(total).map((key) => [key, count(key)]));
  if (!ok && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];

  failures.push(...runs.flatMap((run) => (run.failures ?? []).map((failure) => ({ step: read('title'), ...failure }))));
  const tests = runs.length > 0 ? `: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} not run` : '';
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${read('title')} (${read('seconds')} s)${tests}`);
}

// Again, as the log of a run is long and may be cut.
for (const { step, test, message } of failures) console.log(`\nFAILED in ${step}: ${test}\n${message}\n`);

// A promise that a kind of broker cannot keep is skipped with its reason; docs/promises.md shows the same.
console.log(`${total.doesNotApply} promises that do not apply to a driver`);
console.log(`${total.skipped} not run`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
