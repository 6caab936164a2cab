// By import and kept when the module loads: neither a test's fake timers nor Jest's `fakeTimers.enableGlobally`, which
// replaces the globals before anything is loaded, reach these.
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

/** Milliseconds that go on while a test holds its clock. */
export const realNow = performance.now.bind(performance);

const { setImmediate: atNextTurn, setTimeout: startTimer } = timers;

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => atNextTurn(resolve));
}

/** Resolves after so many milliseconds of real time. */
export function realSleep(ms: number): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, ms));
}
