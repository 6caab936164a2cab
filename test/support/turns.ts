// Taken when the module loads: a test may hold the timers.
const { setImmediate: nextTurn } = globalThis;

/** Lets the event loop turn so many times: whatever is under way comes to its next wait. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => nextTurn(resolve));
}
