import { nextTurn, realSleep } from '../async/index.js';
import { asError, errorOf, type MultiBrokerError, requireDuration } from '../errors/index.js';
import { timelineText } from './failure-report.js';
import { Patience } from './patience.js';
import type { Timeline } from './timeline.js';

/** Turns of the event loop after which polling backs off. */
const BUSY_TURNS = 100;

/** Resolves when the predicate returns a truthy value; one that throws is called again. */
export async function waitUntil(predicate: () => unknown, timeoutMs: number, timeline: () => Timeline): Promise<void> {
  requireDuration(timeoutMs, 'harness.waitFor(): timeoutMs', 'forWaitFor');
  const patience = new Patience(timeoutMs);
  for (let turn = 0; ; turn++) {
    const seen = await look(predicate);
    if (seen.holds) return;
    if (patience.isOver()) throw late(timeoutMs, timeline(), seen.error);
    await (turn < BUSY_TURNS ? nextTurn() : realSleep(2));
  }
}

async function look(predicate: () => unknown): Promise<{ readonly holds: boolean; readonly error?: Error }> {
  try {
    return { holds: Boolean(await predicate()) };
  } catch (thrown) {
    return { holds: false, error: asError(thrown) };
  }
}

function late(timeoutMs: number, timeline: Timeline, cause: Error | undefined): MultiBrokerError {
  const params = { ms: timeoutMs, timeline: timelineText(timeline) };
  return cause === undefined
    ? errorOf('MULTI_BROKER_WAIT_TIMEOUT.untrue', params)
    : errorOf('MULTI_BROKER_WAIT_TIMEOUT.threw', { ...params, reason: cause.message }, { cause });
}
