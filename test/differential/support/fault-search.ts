import { differences } from './check.js';
import type { Fault } from './planted-faults.js';
import { scenarioOf } from './seeds.js';
import { onTwin, type RealServers } from './worlds.js';

/** The seed whose scenario shows the fault, by what has to notice it; undefined where none does. */
export async function seedThatFinds(
  fault: Fault,
  seeds: readonly number[],
  servers: RealServers,
): Promise<number | undefined> {
  for (const seed of seeds) {
    const scenario = scenarioOf(fault.kind, seed);
    const real = await servers.on(scenario);
    const mend = fault.plant();
    try {
      const found = differences(scenario, await onTwin(scenario), real);
      if (found.some((line) => line.includes(fault.noticedBy))) return seed;
    } finally {
      mend();
    }
  }
  return undefined;
}
