// Taken when the module loads, so that a test's fake timers do not stop a running broker.
const { setImmediate: afterTurn } = globalThis;

/** Resolves after a turn of the event loop: what the sockets brought meanwhile has been read. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    afterTurn(resolve);
  });
}

/** Makes a function that calls `act` once at the end of this turn, however often it is called in it. */
export function oncePerTurn(act: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    afterTurn(() => {
      planned = false;
      act();
    });
  };
}
