import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Polls until the condition gives something true, and resolves with that. A condition that throws is tried again, so that
 * it may hold an `expect`; its last error is the cause of the time-out's. `what` completes "gave up waiting until ...".
 */
export async function until(condition, { what, timeoutMs = 10_000, everyMs = 20 }) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause;
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const detail = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`gave up after ${timeoutMs} ms waiting until ${what}${detail}`, { cause });
    }
    await sleep(everyMs);
  }
}
