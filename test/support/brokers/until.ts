import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Completes the sentence "gave up waiting until ...". */
  what: string;
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Polls until the condition gives something true, and resolves with that. A condition that throws is
 * tried again, so that it may hold an `expect`; its last error is the cause of the one that tells of the time-out.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 10_000, everyMs = 20 }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
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
