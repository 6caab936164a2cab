import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type Arrivals, countStream, countSubject } from './bridge/arrival-counter.js';
import type { Report, Task } from './bridge/task.js';
import { prefill } from './support/messages.js';
import { median, spread, thousands } from './support/stats.js';

// Moves messages from a real Kafka to a real NATS, core and JetStream: the library beside hand-written kafkajs → nats
// loops, interleaved in one run. MESSAGES and ROUNDS set the size.
const count = Number(process.env['MESSAGES'] ?? 100_000);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const awaitedCount = Math.min(count, 5_000);

interface Variant {
  readonly name: string;
  readonly script: string;
  readonly route: 'core' | 'jetstream';
  readonly count: number;
}

const variants: readonly Variant[] = [
  { name: 'Kafka -> core, best hand-written loop', script: 'hand-core', route: 'core', count },
  { name: 'Kafka -> core, the same with headers', script: 'hand-core-headers', route: 'core', count },
  { name: 'Kafka -> core, library', script: 'library', route: 'core', count },
  { name: 'Kafka -> JetStream, best hand-written loop', script: 'hand-jetstream', route: 'jetstream', count },
  {
    name: 'Kafka -> JetStream, each publish awaited',
    script: 'hand-jetstream-awaited',
    route: 'jetstream',
    count: awaitedCount,
  },
  { name: 'Kafka -> JetStream, library', script: 'library', route: 'jetstream', count },
];

interface Run {
  readonly rate: number;
  readonly cpuUs: number;
  readonly lost: number;
  readonly extra: number;
}

async function runOnce(variant: Variant, id: string, topic: string): Promise<Run> {
  const target = `bench.${id}`;
  const counter = variant.route === 'core' ? await countSubject(target) : await countStream(`BENCH_${id}`, target);
  const report = await bridge(variant, { topic, target, count: variant.count });
  const arrivals = await counter.read();
  await counter.end();
  return toRun(variant, report, arrivals);
}

async function bridge(variant: Variant, task: Task): Promise<Report> {
  const env = { ...process.env, TASK: JSON.stringify(task), ROUTE: variant.route };
  const child = fork(new URL(`./bridge/${variant.script}.js`, import.meta.url), { env });
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`${variant.name} ended with ${String(code)} before it reported`);
  });
  const [report] = (await Promise.race([once(child, 'message'), exit])) as [Report];
  exit.catch(() => undefined);
  return report;
}

function toRun(variant: Variant, report: Report, { arrived, distinct }: Arrivals): Run {
  return {
    rate: (report.handled / report.ms) * 1_000,
    cpuUs: (report.cpuMs / report.handled) * 1_000,
    lost: Math.max(0, variant.count - distinct),
    extra: arrived - Math.min(distinct, variant.count),
  };
}

const results = new Map(variants.map((variant) => [variant, [] as Run[]]));
for (let round = 0; round < rounds; round++) {
  for (const [index, variant] of variants.entries()) {
    const id = `${process.pid}_${round}_${index}`;
    await prefill(`bench-${id}`, variant.count, 8);
    results.get(variant)!.push(await runOnce(variant, id, `bench-${id}`));
  }
}

console.log(`${thousands(count)} messages of about 200 bytes, ${rounds} rounds, medians [min..max]`);
for (const [variant, runs] of results) {
  const lost = runs.reduce((sum, run) => sum + run.lost, 0);
  const extra = runs.reduce((sum, run) => sum + run.extra, 0);
  const cpu = median(runs.map((run) => run.cpuUs)).toFixed(1);
  console.log(
    `${variant.name.padEnd(46)} ${spread(runs.map(({ rate }) => rate))}/s  ${cpu} us CPU  lost ${lost}  twice ${extra}`,
  );
}
const [handCore, handHeaders, core, handStream, awaited, stream] = variants.map((variant) => results.get(variant)!);
console.log(`core: library / best hand-written       ${ratio(core!, handCore!)}   (aim 0.90)`);
console.log(`core: library / hand-written, headers   ${ratio(core!, handHeaders!)}`);
console.log(`JetStream: library / best hand-written  ${ratio(stream!, handStream!)}`);
console.log(`JetStream: library / each awaited       ${ratio(stream!, awaited!)}   (aim 2.00)`);
const lost = [...results.values()].flat().reduce((sum, run) => sum + run.lost, 0);
process.exit(lost === 0 ? 0 : 1);

/** The median of the ratios of each round: both ran next to each other. */
function ratio(one: readonly Run[], other: readonly Run[]): string {
  return median(one.map((run, round) => run.rate / other[round]!.rate)).toFixed(2);
}
