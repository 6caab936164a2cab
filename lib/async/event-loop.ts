import * as timers from 'node:timers';

// Captured when the module loads, so that a test's fake timers do not affect a running broker.
const { setImmediate: inNextTurn } = timers;

/** Calls `act` in the next turn of the event loop. */
export function afterTurn(act: () => void): void {
  inNextTurn(act);
}

/** Resolves in the next turn of the event loop, after pending socket data has been read. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => inNextTurn(resolve));
}

/** Returns a function that schedules one call of `act` at the end of the turn, however often it is called. */
export function oncePerTurn(act: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    inNextTurn(() => {
      planned = false;
      act();
    });
  };
}

/**
 * Yields to the event loop after a number of messages. While a batch is handed out without a pause (589 ms were
 * measured), a closed socket goes unnoticed, and publishes are lost: 1,800 of 20,000 when a NATS server was killed.
 */
export class TurnBudget {
  private since = 0;

  constructor(private readonly every = 256) {}

  /** Counts a message; true when the loop is due a turn. */
  due(): boolean {
    if (++this.since < this.every) return false;
    this.since = 0;
    return true;
  }

  /** Resolves in a later turn of the event loop. */
  next(): Promise<void> {
    return nextTurn();
  }
}
