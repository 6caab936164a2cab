import fc from 'fast-check';

import { differences } from './check.js';
import { scenarios } from './generator.js';
import { type Kind, kinds, type Scenario, shown } from './scenario.js';
import { onTwin, type RealServers } from './worlds.js';

/** How many scenarios are under way at once: most of their time is waiting for a server. */
const AT_ONCE = 16;

/** How long a divergence is made smaller, in milliseconds. */
const SHRINK_MS = 60_000;

/** The first scenario of a seed. */
export function scenarioOf(kind: Kind, seed: number): Scenario {
  return fc.sample(scenarios(kind), { seed, numRuns: 1 })[0]!;
}

/** So many seeds, from one on. */
export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** Runs scenarios of both kinds by their seeds, and tells each divergence with its seed and its smallest scenario. */
export async function divergences(seeds: readonly number[], servers: RealServers): Promise<readonly string[]> {
  const all = seeds.flatMap((seed) => kinds.map((kind) => ({ kind, seed })));
  const found = await inTurn(all, ({ kind, seed }) => divergenceOf(kind, seed, servers));
  return found.filter((one) => one !== undefined);
}

async function divergenceOf(kind: Kind, seed: number, servers: RealServers): Promise<string | undefined> {
  const scenario = scenarioOf(kind, seed);
  try {
    const found = await compared(scenario, servers);
    return found.length === 0 ? undefined : await smallest(kind, seed, { scenario, found }, servers);
  } catch (thrown) {
    return [`Seed ${seed} of ${kind} could not be run:`, (thrown as Error).stack, shown(scenario)].join('\n  ');
  }
}

async function compared(scenario: Scenario, servers: RealServers): Promise<readonly string[]> {
  const [twin, real] = await Promise.all([onTwin(scenario), servers.on(scenario)]);
  return differences(scenario, twin, real);
}

/** As fast-check shrinks it, in the time that there is. */
async function smallest(kind: Kind, seed: number, first: Divergence, servers: RealServers): Promise<string> {
  let last = first;
  const agrees = fc.asyncProperty(scenarios(kind), async (scenario) => {
    const found = await compared(scenario, servers).catch(() => []);
    if (found.length > 0) last = { scenario, found };
    return found.length === 0;
  });
  await fc.check(agrees, { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_MS });
  return [`Seed ${seed} of ${kind}:`, ...last.found, shown(last.scenario)].join('\n  ');
}

/** A scenario in which twin and server differ. */
interface Divergence {
  readonly scenario: Scenario;
  readonly found: readonly string[];
}

/** A few at a time; results in the order of the items. */
export async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.map((item, index) => ({ item, index }));
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next.index] = await act(next.item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
