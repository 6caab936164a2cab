import { asError, MultiBrokerError, requireDuration } from '../errors/index.js';
import { nextTurn, realNow, realSleep } from './real-time.js';
import { timelineText } from './telling.js';
import type { Timeline } from './timeline.js';

/** Turns of the event loop before the processor is left to others between two looks. */
const BUSY_TURNS = 100;

/** Resolves when the predicate gives something true; one that throws is asked again. */
export async function waitUntil(predicate: () => unknown, timeoutMs: number, timeline: () => Timeline): Promise<void> {
  requireDuration(timeoutMs, 'harness.waitFor(): timeoutMs', 'leave it out for the default of the module');
  const end = realNow() + timeoutMs;
  for (let turn = 0; ; turn++) {
    const seen = await look(predicate);
    if (seen.holds) return;
    if (realNow() > end) throw late(timeoutMs, timeline(), seen.error);
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
  const why = cause === undefined ? '' : ` (${cause.message})`;
  const what = `harness.waitFor(): not true within ${String(timeoutMs)} ms${why}\n\n${timelineText(timeline)}\n`;
  return new MultiBrokerError('MULTI_BROKER_WAIT_TIMEOUT', what, { cause });
}
