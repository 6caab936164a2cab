import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ClientReport, ClientTask } from './clients/job.js';
import { prefill } from './support/messages.js';
import { median, spread, thousands } from './support/stats.js';

// The library beside the client that it is made of, in one run: produce requests, and batches in the order of each key. Each
// run has a process of its own, and the rounds are interleaved. MESSAGES and ROUNDS set the size.
const count = Number(process.env['MESSAGES'] ?? 50_000);
const rounds = Number(process.env['ROUNDS'] ?? 5);

interface Row {
  readonly name: string;
  readonly raw: string;
  readonly library: string;
  /** The topic is filled before a run. */
  readonly reads: boolean;
}

const rows: readonly Row[] = [
  { name: 'Kafka: publishes of 1,000', raw: 'produce-raw', library: 'produce-library', reads: false },
  { name: 'Kafka: batches by key, 1 ms each', raw: 'batches-raw', library: 'batches-library', reads: true },
];

async function run(script: string, task: ClientTask, reads: boolean): Promise<ClientReport> {
  await prefill(task.topic, reads ? task.count : 0, 8);
  const env = { ...process.env, TASK: JSON.stringify(task) };
  const child = fork(new URL(`./clients/${script}.js`, import.meta.url), { env });
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`${script} ended with ${String(code)} before it reported`);
  });
  const [report] = (await Promise.race([once(child, 'message'), exit])) as [ClientReport];
  exit.catch(() => undefined);
  return report;
}

interface Pair {
  readonly raw: ClientReport;
  readonly library: ClientReport;
}

async function pair({ raw, library, reads }: Row, id: string, first: boolean): Promise<Pair> {
  const of = (script: string) => run(script, { topic: `${id}-${script}`, count }, reads);
  if (!first) return { raw: await of(raw), library: await of(library) };
  const reversed = await of(library);
  return { raw: await of(raw), library: reversed };
}

const perSecond = ({ handled, ms }: ClientReport): number => (handled / ms) * 1_000;
const micros = ({ handled, cpuMs }: ClientReport): number => (cpuMs / handled) * 1_000;
const times = (pairs: readonly Pair[], of: (report: ClientReport) => number): string =>
  median(pairs.map(({ raw, library }) => of(library) / of(raw))).toFixed(2);

const results = new Map(rows.map((row) => [row, [] as Pair[]]));
for (let round = 0; round < rounds; round++) {
  for (const [index, row] of rows.entries()) {
    results.get(row)!.push(await pair(row, `clients-${process.pid}-${round}-${index}`, round % 2 === 1));
  }
}

console.log(`${thousands(count)} messages of about 200 bytes, ${rounds} rounds, medians [min..max]`);
for (const [{ name }, pairs] of results) {
  for (const who of ['raw', 'library'] as const) {
    const reports = pairs.map((one) => one[who]);
    const cpu = median(reports.map(micros)).toFixed(1);
    console.log(`${`${name}, ${who}`.padEnd(44)} ${spread(reports.map(perSecond))}/s  ${cpu} us CPU`);
  }
  console.log(`  library / raw: rate ${times(pairs, perSecond)}, CPU ${times(pairs, micros)}`);
}
