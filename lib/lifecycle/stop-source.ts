import type { Deadline } from '../async/index.js';
import type { Logger } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { ActiveSource } from './active-source.js';

/** Creates the deadline of one phase: a share of the time limit of a stop. */
export type Budget = (share: number) => Deadline;

/** All phases of a stop for a single subscription. Never rejects. */
export async function stopReading(active: ActiveSource, budget: Budget, log: Logger): Promise<void> {
  const working = budget(0.7);
  await finishWork([active], working);
  working.clear();
  logAbandoned(giveUp([active]), log);
  await within(budget(0.1), () => active.flush());
  await within(budget(0.2), () => active.close());
}

export async function finishWork(
  sources: readonly ActiveSource[],
  deadline: Deadline,
  rollsBack = false,
): Promise<void> {
  await deadline.within(Promise.all(sources.map((active) => active.stopReading(rollsBack))));
  await deadline.within(Promise.all(sources.map((active) => active.drained())));
}

export async function within(deadline: Deadline, act: () => Promise<unknown>): Promise<void> {
  await deadline.within(act());
  deadline.clear();
}

export function giveUp(sources: readonly ActiveSource[]): string[] {
  return sources.flatMap((active) => active.abandon());
}

export function logAbandoned(names: readonly string[], log: Logger): void {
  if (names.length === 0) return;
  const listed = `${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
  log.error(errorOf('MULTI_BROKER_STOP_INCOMPLETE.stop', { work: listed }).message);
}
