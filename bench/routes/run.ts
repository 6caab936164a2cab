import { type ArrivalCounter, countStream, countSubject, countTopic } from '../support/arrival-counter.js';
import { prefill } from '../support/messages.js';
import type { Arrivals, Place, Report, Task } from '../support/task.js';
import { runEntrant } from './child.js';
import type { Entrant, Row } from './rows.js';
import { burst, type Sources } from './sources.js';

const PARTITIONS = 8;

/** One run of one entrant. */
export interface Run {
  readonly perSecond: number;
  readonly cpuUs: number;
  /** Share of the time in which the main thread collected garbage; undefined where nobody tells. */
  readonly gc: number | undefined;
  readonly rssMb: number;
  readonly count: number;
  /** Undefined: nothing arrives, as in batches. */
  readonly arrivals: Arrivals | undefined;
}

/** Runs an entrant in a process of its own, and counts what arrived. */
export async function runOnce(row: Row, entrant: Entrant, count: number, id: string, sources: Sources): Promise<Run> {
  const source = await sources.get(row.from, count, `${id}-in`);
  const target = `${id}-out`;
  const counter = await counterOf(row.to, target, id, count, entrant);
  const task: Task = { from: row.from, to: row.to, source, target, count, id };
  try {
    const report = await runEntrant(entrant, task, (next) => burst(source, count, next));
    return toRun(report, count, (await counter?.read()) ?? report.seen);
  } finally {
    await counter?.end();
  }
}

async function counterOf(
  to: Place,
  target: string,
  id: string,
  count: number,
  { batched }: Entrant,
): Promise<ArrivalCounter | undefined> {
  if (to === 'nothing') return undefined;
  if (to === 'core') return countSubject(target, count);
  if (to === 'jetstream') return countStream(id, target, count, batched);
  await prefill(target, 0, PARTITIONS);
  return countTopic(target, count);
}

function toRun({ handled, ms, cpuMs, gcMs, rssMb }: Report, count: number, arrivals: Arrivals | undefined): Run {
  const gc = typeof gcMs === 'number' ? gcMs / ms : undefined;
  return { perSecond: (handled / ms) * 1_000, cpuUs: (cpuMs / handled) * 1_000, gc, rssMb, count, arrivals };
}

/** What is wrong with what arrived; undefined where all did, once, in the order of each key. */
export function faultOf({ arrivals, count }: Run): string | undefined {
  if (arrivals === undefined) return undefined;
  const { arrived, distinct, overtaken } = arrivals;
  const faults = [
    [count - distinct, 'lost'],
    [arrived - distinct, 'twice'],
    [overtaken, 'overtaken'],
  ] as const;
  const found = faults.filter(([number]) => number !== 0).map(([number, what]) => `${String(number)} ${what}`);
  return found.length === 0 ? undefined : found.join(', ');
}
