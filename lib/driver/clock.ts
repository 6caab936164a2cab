import * as timers from 'node:timers';

/**
 * The only clock of the core and of the drivers. A twin in a test gets a virtual one, so nothing there may read
 * `Date.now()` or set a timer of its own.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `then` once, `ms` from now; the returned function cancels it, any number of times. `what` says what for, in
   * a few words: a test names its pending timers by it.
   */
  after(ms: number, then: () => void, what?: string): () => void;
}

// Taken when the module loads, so that a test's fake timers do not reach into a running broker.
const { setTimeout: startTimer, clearTimeout: stopTimer } = timers;
const now = Date.now.bind(Date);

/** Node's longest timer, 25 days: what is beyond, `Infinity` too, would fire at once. */
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

/** Resolves `ms` from now, or at once when the signal aborts (it does not reject: look at the signal). */
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
