import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { countStream } from './support/arrival-counter.js';
import { prefill } from './support/messages.js';
import { median } from './support/stats.js';
import { type Listeners, onTwins, type TelemetryReport } from './telemetry/job.js';
import { unobserved } from './telemetry/unobserved.js';

// What it costs to be observed, by processor time of a message: the bridge from Kafka to JetStream, each kind of listeners
// beside none, in processes of their own and interleaved. With TWINS=1 on twins, from Kafka to a core subject. MESSAGES and
// ROUNDS set the size, ONLY (an expression) chooses by name.
const count = Number(process.env['MESSAGES'] ?? 50_000);
const rounds = Number(process.env['ROUNDS'] ?? 7);
const here = import.meta.dirname;

interface Variant {
  readonly name: string;
  readonly script: 'bridge' | 'kafkajs-loop';
  readonly listeners: Listeners;
  readonly folder: string;
  /** What it is compared with. */
  readonly beside: string | undefined;
}

const NONE = 'bridge, nobody listens';
const all: readonly Variant[] = [
  { name: 'bridge, hooks removed', script: 'bridge', listeners: 'none', folder: unobserved(), beside: undefined },
  { name: NONE, script: 'bridge', listeners: 'none', folder: here, beside: 'bridge, hooks removed' },
  { name: 'bridge, OpenTelemetry', script: 'bridge', listeners: 'opentelemetry', folder: here, beside: NONE },
  {
    name: 'bridge, 1 in 10 sampled',
    script: 'bridge',
    listeners: 'opentelemetry, 1 in 10',
    folder: here,
    beside: NONE,
  },
  { name: 'bridge, the SDK by hand', script: 'bridge', listeners: 'by hand', folder: here, beside: NONE },
  { name: 'bridge, prom-client', script: 'bridge', listeners: 'prometheus', folder: here, beside: NONE },
  ...(onTwins ? [] : loops()),
];
const only = new RegExp(process.env['ONLY'] ?? '');
const variants = all.filter(({ name }) => only.test(name));

function loops(): readonly Variant[] {
  const [script, folder] = ['kafkajs-loop', here] as const;
  return [
    { name: 'kafkajs loop', script, listeners: 'none', folder, beside: undefined },
    { name: 'kafkajs loop, its instrumentation', script, listeners: 'opentelemetry', folder, beside: 'kafkajs loop' },
  ];
}

async function runOnce(variant: Variant, id: string): Promise<TelemetryReport> {
  if (onTwins) return run(variant, { source: id, target: `bench.${id}`, count });
  await prefill(id, count, 8);
  if (variant.script === 'kafkajs-loop') {
    await prefill(`${id}-out`, 0, 8);
    return run(variant, { source: id, target: `${id}-out`, count });
  }
  const stream = await countStream(id.toUpperCase(), `bench.${id}`, count);
  const report = await run(variant, { source: id, target: `bench.${id}`, count });
  const { arrived } = await stream.read();
  await stream.end();
  if (arrived < count) throw new Error(`${variant.name}: only ${String(arrived)} arrived`);
  return report;
}

async function run({ name, script, listeners, folder }: Variant, task: object): Promise<TelemetryReport> {
  const env = { ...process.env, TASK: JSON.stringify(task), VARIANT: listeners };
  const file = pathToFileURL(path.join(folder, 'telemetry', `${script}.js`));
  const child = fork(file, { env, execArgv: ['--expose-gc'] });
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${String(code)} before it reported`);
  });
  const [report] = (await Promise.race([once(child, 'message'), exit])) as [TelemetryReport];
  exit.catch(() => undefined);
  return report;
}

const results = new Map(variants.map(({ name }) => [name, [] as TelemetryReport[]]));
for (let round = 0; round < rounds; round++) {
  // Forwards and backwards, as what comes first in a round may have it easier.
  const order = round % 2 === 0 ? variants : [...variants].reverse();
  for (const variant of order) {
    const id = `telemetry_${String(process.pid)}_${String(round)}_${String(variants.indexOf(variant))}`;
    results.get(variant.name)!.push(await runOnce(variant, id));
  }
}

const micros = ({ cpuMs, handled }: TelemetryReport): number => (cpuMs / handled) * 1_000;
const where = onTwins ? 'on twins' : 'on real servers';
console.log(`${String(count)} messages of about 200 bytes ${where}, ${String(rounds)} rounds, medians [min..max]`);
for (const { name, beside } of variants) {
  const runs = results.get(name)!;
  const cpu = runs.map(micros);
  const spans = median(runs.map((run) => run.spans / run.handled)).toFixed(1);
  console.log(`${name.padEnd(36)}${shown(cpu, 1)} us CPU  ${spans} spans  ${ratio(runs, beside)}`);
}

/** Of each round, as both ran next to each other. */
function ratio(runs: readonly TelemetryReport[], beside: string | undefined): string {
  const others = beside === undefined ? undefined : results.get(beside);
  if (others === undefined) return '';
  return `${shown(
    runs.map((run, round) => micros(run) / micros(others[round]!)),
    3,
  )} of ${String(beside)}`;
}

function shown(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} [${least.toFixed(digits)}..${most.toFixed(digits)}]`;
}
