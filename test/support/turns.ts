// Taken when the module loads: a test may hold the timers.
const { setImmediate: nextTurn } = globalThis;

/** Lets the event loop turn so many times: whatever is under way comes to its next wait. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => nextTurn(resolve));
}

/** Lets the event loop turn until the condition holds. */
export async function eventually(holds: () => boolean, most = 2_000): Promise<void> {
  for (let turn = 0; turn < most; turn++) {
    if (holds()) return;
    await turns(1);
  }
  throw new Error(`Not within ${String(most)} turns: ${holds.toString()}`);
}
