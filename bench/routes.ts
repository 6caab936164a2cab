import { writeFileSync } from 'node:fs';
import { machine } from './support/machine.js';
import { readOptions } from './routes/options.js';
import { type Entrant, type Row, rows } from './routes/rows.js';
import { faultOf, type Run, runOnce } from './routes/run.js';
import { Sources } from './routes/sources.js';
import { type Result, summaryOf, tableOf } from './routes/table.js';

// All routes of the library on real servers, each beside hand-written loops and other software: interleaved rounds, a fresh
// process a run, medians of what the rounds' pairs say. What arrived is counted, and a wrong count fails the run.
const options = readOptions(process.argv.slice(2));
const prefix = `bench_${String(process.pid)}`;

interface Entry {
  readonly row: Row;
  readonly entrant: Entrant;
  readonly runs: (Run | undefined)[];
  readonly failures: string[];
}

/** Of a row that is chosen by what is compared in it, the library runs as well. */
function chosen(): Entry[] {
  return rows.flatMap((row) => {
    const those = row.entrants.filter(({ id }) => options.only.test(row.id) || options.only.test(`${row.id}/${id}`));
    const entrants =
      those.length === 0 ? [] : row.entrants.filter((one) => one.id === 'library' || those.includes(one));
    return entrants.map((entrant) => ({ row, entrant, runs: [], failures: [] }));
  });
}

async function oneRun({ row, entrant, runs, failures }: Entry, id: string, sources: Sources): Promise<void> {
  if (entrant.lacks !== undefined) {
    failures.splice(0, 1, entrant.lacks);
    return;
  }
  const count = Math.min(options.messages, entrant.most ?? Infinity);
  console.error(`${id.slice(prefix.length + 1).padEnd(8)} ${row.title}, ${entrant.name}`);
  try {
    runs.push(await runOnce(row, entrant, count, id, sources));
  } catch (error) {
    runs.push(undefined);
    failures.push((error as Error).message);
  }
}

async function allRounds(entries: readonly Entry[]): Promise<void> {
  const sources = new Sources(prefix);
  try {
    for (let round = 0; round < options.rounds; round++) {
      // Forwards and backwards, as what comes first may have it easier.
      const order = round % 2 === 0 ? entries : [...entries].reverse();
      for (const entry of order) {
        await oneRun(entry, `${prefix}_${String(round)}_${String(entries.indexOf(entry))}`, sources);
      }
    }
  } finally {
    await sources.end();
  }
}

function isWrong({ entrant, runs, failures }: Result): boolean {
  if (entrant.lacks !== undefined) return false;
  return failures.length > 0 || runs.some((run) => run !== undefined && faultOf(run) !== undefined);
}

function print(results: readonly Result[], where: string): void {
  const library = (row: Row): Result => results.find((one) => one.row === row && one.entrant.id === 'library')!;
  const summaries = results.flatMap((result) => summaryOf(result, library(result.row)) ?? []);
  const runs = results.map(({ row, entrant, ...rest }) => ({ row: row.id, entrant: entrant.id, ...rest }));
  const json = JSON.stringify({ where, rounds: options.rounds, messages: options.messages, summaries, runs }, null, 2);
  if (options.json === '-') {
    console.log(json);
    return;
  }
  if (options.json !== undefined) writeFileSync(options.json, `${json}\n`);
  const size = options.messages.toLocaleString('en');
  console.log(`${where}\n\n${String(options.rounds)} rounds of up to ${size} messages of about 200 bytes:\n`);
  console.log(tableOf(results));
}

if (options.list) {
  for (const { id, title, entrants } of rows)
    console.log(`${id.padEnd(22)}${title}: ${entrants.map((one) => one.id).join(', ')}`);
} else {
  const entries = chosen();
  if (entries.length === 0) throw new Error(`--only ${String(options.only)} names no row: --list tells them`);
  const where = await machine();
  await allRounds(entries);
  print(entries, where);
  process.exitCode = entries.some(isWrong) ? 1 : 0;
}
