// Captured when the module loads, so that fake timers of a test do not stop the suite.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const now = Date.now.bind(Date);

/** Waits for a condition. Rejects if it does not become true in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  patienceMs: number,
): Promise<void> {
  const end = now() + patienceMs;
  while (!(await condition())) {
    if (now() > end) throw new Error(`Timed out after ${patienceMs} ms: ${what()}`);
    await breathe();
  }
}

/** A short pause of real time, for polling loops. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, 5));
}

/** The promise's value; rejects with an error that names the operation if it takes longer. */
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

/** Waits until the promise rejects. Rejects if it resolves instead, or takes longer: an end by `within` is none of its own. */
export function rejects(promise: Promise<unknown>, what: string, ms: number): Promise<void> {
  const rejected = promise.then(
    () => Promise.reject(new Error(`${what} was expected to reject`)),
    () => undefined,
  );
  return within(rejected, what, ms);
}
