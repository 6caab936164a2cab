// Taken when the module loads, so that the fake timers of a test do not stop the suite.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const now = Date.now.bind(Date);

/** Waits for a condition, not for a time. Rejects when it does not come true. */
export async function until(condition: () => boolean, what: () => string, patienceMs: number): Promise<void> {
  const end = now() + patienceMs;
  while (!condition()) {
    if (now() > end) throw new Error(`Waited ${patienceMs} ms in vain: ${what()}`);
    await breathe();
  }
}

/** So that a loop leaves others their turn. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, 5));
}

/** The promise's value, or an error that says what did not end in time. */
export async function within<T>(promise: Promise<T>, what: string, ms: number): Promise<T> {
  let timer: ReturnType<typeof startTimer> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = startTimer(() => reject(new Error(`${what} did not end within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stopTimer(timer);
  }
}
