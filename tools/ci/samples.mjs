// Starts every sample as its reader would, without servers, waits for what it should say, and presses Ctrl-C.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 180_000;
const STOP_MS = 15_000;
/** A process that nothing keeps running ends before that. */
const STAY_MS = 1_000;
const samples = [
  { script: 'start', says: /^Compiling lib\/ and sample\/01-[^]*fromNats saw "Bye\." on events/ },
  { script: 'sample:01', says: /fromNats saw "Bye\." on events/ },
  { script: 'sample:02', says: /"One more".* arrived on east/ },
  { script: 'sample:03', says: /"Hi!" arrived/ },
  {
    script: 'sample:04',
    says: /booked 10 USD[^]*1 redriven, 0 left, 0 failed/,
    // What it is about: a message that its handler cannot handle.
    logs: /^.*\bERROR\b.*Payments\.book on .*parked as a dead letter.*$/gm,
  },
  {
    script: 'sample:05',
    says: /\[trace \w+\] CONSUMER process SAMPLE_OBSERVED by Bridge\.ship[^]*handled_total\{.*"Bridge\.ship"\} 2[^]*Ready: ok/,
    logs: /^.*\bERROR\b.*Bridge\.price on .*parked as a dead letter.*$/gm,
  },
];

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const sample of samples) {
  const { problem, output } = await trial(sample);
  counts[problem ? 'failed' : 'passed']++;
  console.log(`  ${problem ? 'FAILED' : 'ok    '} npm run ${sample.script}${problem ? `: ${problem}` : ''}`);
  if (problem) console.log(output.replace(/^/gm, '    | '));
}
console.log(`samples: ${counts.passed} passed, ${counts.failed} failed`);
if (process.env.TEST_COUNTS_DIR) {
  writeFileSync(path.join(process.env.TEST_COUNTS_DIR, `samples-${process.pid}.json`), JSON.stringify(counts));
}
process.exitCode = counts.failed === 0 ? 0 : 1;

/** A process group of its own gets SIGINT as a whole, as a terminal sends it. */
function trial({ script, says, logs = /(?!)/g }) {
  return new Promise((resolve) => {
    const env = { ...process.env, BROKERS: '', PORT: '0', NO_COLOR: '1' };
    const child = spawn('npm', ['run', '--silent', script], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let problem;
    let heard = false;
    let stopping = false;
    const kill = (why) => {
      problem ??= why;
      process.kill(-child.pid, 'SIGKILL');
    };
    let limit = setTimeout(() => kill(`it did not say ${says} within ${START_MS} ms`), START_MS);

    const listen = (chunk) => {
      output += chunk;
      if (heard || !says.test(output)) return;
      heard = true;
      clearTimeout(limit);
      limit = setTimeout(pressCtrlC, STAY_MS);
    };
    const pressCtrlC = () => {
      stopping = true;
      limit = setTimeout(() => kill(`it did not stop within ${STOP_MS} ms after Ctrl-C`), STOP_MS);
      process.kill(-child.pid, 'SIGINT');
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (!stopping) problem ??= `it ended by itself with ${code ?? signal}`;
      if (/\bERROR\b|UnhandledPromiseRejection/.test(output.replace(logs, ''))) problem ??= 'it logged an error';
      resolve({ problem, output });
    });
  });
}
