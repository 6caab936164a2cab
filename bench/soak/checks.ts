import type { Arrivals } from './arrivals.js';
import { flow, type FlowName, flowNames, isTopic, type Travelling } from './flows.js';
import type { Replica } from './replica.js';
import type { Share, Stage } from './stage.js';
import { judge } from '../support/verdict.js';

/** What a run has shown of one promise. */
export interface Check {
  readonly name: string;
  /** What broke it; empty when it holds. */
  readonly broken: readonly string[];
  readonly note?: string;
}

/** How many messages of a partition may be handled beyond one that is not settled (docs/delivery.md). */
const MAY_PASS = 500;
/** The larger share of two replicas, but for what chance adds to a few hundred messages on a busy machine. */
const LARGEST_SHARE = 0.6;

export async function checksOf(stage: Stage, arrivals: Arrivals, ran: readonly Replica[]): Promise<readonly Check[]> {
  const flows = await Promise.all(flowNames.map((name) => checkFlow(name, arrivals)));
  const { watch, heaps, shares, passed } = stage;
  return [
    {
      name: 'nothing is lost',
      broken: flows.flatMap(({ lost }) => lost),
      note: flows.map(({ note }) => note).join(', '),
    },
    { name: 'nothing overtakes another of its key', broken: flows.flatMap(({ overtaken }) => overtaken) },
    { name: 'what stands is told by health', broken: watch.silences },
    { name: 'what no fault stops goes on', broken: watch.stops },
    { name: 'replicas share a backlog', ...(await checkShares(shares, arrivals)) },
    { name: 'memory does not grow', broken: heaps.grown(), note: `${heaps.compared()} processes` },
    {
      name: `at most ${MAY_PASS} pass one that is not settled`,
      broken: passed > MAY_PASS ? [`${passed} passed`] : [],
      note: `${passed}`,
    },
    { name: 'replicas end when they are to, and only then', broken: ran.flatMap(({ ends }) => ends) },
  ];
}

async function checkFlow(
  name: FlowName,
  arrivals: Arrivals,
): Promise<{ lost: string[]; overtaken: string[]; note: string }> {
  const { from, to, ordered } = flow(name);
  const written = await arrivals.at(isTopic(from) ? { topic: from.topic } : from);
  const arrived = await Promise.all(to.map((arrival) => arrivals.at(arrival)));
  const { lost } = judge(written, arrived.flat());
  const overtaken = ordered === true ? arrived.flatMap((one) => judge(written, one).overtaken) : [];
  return {
    lost: told(name, lost),
    overtaken: told(name, overtaken),
    note: `${name} ${written.length}`,
  };
}

async function checkShares(shares: readonly Share[], arrivals: Arrivals): Promise<Omit<Check, 'name'>> {
  const stored = await arrivals.stored('DONE', 'soak.done.shared');
  const parts = shares.map(({ from, to }) => sharesOf(stored.filter(({ at }) => at >= from && at <= to)));
  const broken = parts
    .filter(({ largest, of }) => largest > LARGEST_SHARE + 1.5 / Math.sqrt(of))
    .map(({ text }) => text);
  return { broken, note: parts.map(({ text }) => text).join(', ') };
}

function sharesOf(handled: readonly Travelling[]): { largest: number; of: number; text: string } {
  const counts = new Map<string, number>();
  for (const { by = '' } of handled) counts.set(by, (counts.get(by) ?? 0) + 1);
  const largest = Math.max(0, ...counts.values()) / Math.max(1, handled.length);
  const text = [...counts].map(([by, count]) => `${by} ${count}`).join(' : ');
  return { largest, of: Math.max(1, handled.length), text };
}

function told(name: FlowName, ids: readonly number[]): string[] {
  if (ids.length === 0) return [];
  return [`${name}: ${ids.length} (${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', …' : ''})`];
}
