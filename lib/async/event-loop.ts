import * as timers from 'node:timers';

// Captured when the module loads, so that a test's fake timers do not affect a running broker.
const { setImmediate: inNextTurn } = timers;
const wallClock = performance.now.bind(performance);

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

/** Milliseconds that have passed, and those of processor time. */
export interface Spent {
  readonly ms: number;
  readonly cpuMs: number;
}

/**
 * For how long a turn may be put off where the client reads on: longer than handlers take for what Node reads from a
 * socket in one turn, which is up to 2 MB. By processor time, as it does not grow where other processes run; handlers
 * that block without using any have the other limit.
 */
const PUT_OFF: Spent = { cpuMs: 50, ms: 200 };

function spentSoFar(): Spent {
  const { user, system } = process.cpuUsage();
  return { ms: wallClock(), cpuMs: (user + system) / 1_000 };
}

/**
 * Yields to the event loop after a number of messages. While a batch is handed out without a pause (589 ms were
 * measured), a closed socket goes unnoticed, and publishes are lost: 1,800 of 20,000 when a NATS server was killed.
 */
export class TurnBudget {
  private since = 0;
  /** When this turn began; undefined until {@link dueOnceSlow} counts a message of it. */
  private began: Spent | undefined;

  constructor(
    private readonly every = 256,
    private readonly spent: () => Spent = spentSoFar,
  ) {}

  /** Counts a message; true when the loop is due a turn. */
  due(): boolean {
    if (++this.since < this.every) return false;
    this.since = 0;
    return true;
  }

  /**
   * The same for messages whose client reads on while a turn passes: where handlers are quick the turn is put off. Else
   * a burst is read as a whole while 256 of it are handled in each turn, and a third of its cost is to keep it.
   */
  dueOnceSlow(): boolean {
    if (this.began === undefined) {
      this.began = this.spent();
      inNextTurn(() => (this.began = undefined));
    }
    return this.due() && this.isSlow(this.began);
  }

  /** Resolves in a later turn of the event loop. */
  next(): Promise<void> {
    return nextTurn();
  }

  private isSlow(began: Spent): boolean {
    const { ms, cpuMs } = this.spent();
    return cpuMs - began.cpuMs >= PUT_OFF.cpuMs || ms - began.ms >= PUT_OFF.ms;
  }
}
