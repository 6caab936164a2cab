import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

/**
 * The only clock of the core and of the drivers. A twin in a test gets a virtual one, so nothing there may read
 * `Date.now()` or set a timer of its own.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `then` once, `ms` from now; the returned function cancels it and may be called repeatedly. `what` is a short
   * description, by which a test shows its pending timers.
   */
  after(ms: number, then: () => void, what?: string): () => void;
}

// Captured when the module loads, so that a test's fake timers do not affect a running broker.
const { setTimeout: startTimer, clearTimeout: stopTimer } = timers;
const now = Date.now.bind(Date);

/** Node's longest timer, 25 days; a longer one, including `Infinity`, would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The wall clock. */
export const systemClock: Clock = {
  now,
  after(ms, then) {
    const timer = startTimer(then, Math.min(ms, LONGEST_MS));
    return () => {
      stopTimer(timer);
    };
  },
};

/** Resolves `ms` from now, or at once when the signal aborts: it does not reject, so check the signal. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal, what?: string): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const wake = (): void => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(ms, wake, what);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

/** Milliseconds that go on while a test holds its clock. */
export const realNow = performance.now.bind(performance);

/** Resolves after so many milliseconds of real time. */
export function realSleep(ms: number): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, ms));
}
