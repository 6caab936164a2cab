// Taken when the module loads: a test may hold the timers.
const { setImmediate: nextTurn, setTimeout: startTimer } = globalThis;

/** As many turns of the event loop are looked after at once, then the processor is left to others between two looks. */
const BUSY_TURNS = 200;

/**
 * Waits until the condition holds: until it throws nothing (an `expect`) and does not give `false`. After ten seconds it
 * fails with what the condition throws.
 */
export async function eventually(condition: () => unknown, withinMs = 10_000): Promise<void> {
  const end = performance.now() + withinMs;
  for (let turn = 0; ; turn++) {
    try {
      if ((await condition()) !== false) return;
      if (performance.now() > end) throw new Error(`Not within ${String(withinMs)} ms: ${condition.toString()}`);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise<void>((resolve) => {
      if (turn < BUSY_TURNS) nextTurn(resolve);
      else startTimer(resolve, 2);
    });
  }
}
