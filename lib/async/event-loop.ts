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

/** What a turn is put off by; for tests, both in milliseconds. */
export interface TurnClock {
  now(): number;
  /** Of the process. */
  cpu(): number;
}

const realClock: TurnClock = {
  now: performance.now.bind(performance),
  cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

/** A turn is put off for this time without a look at the processor time: a look took up to 0.5 ms on a busy machine. */
const PUT_OFF_MS = 20;
/**
 * Then for as much processor time, which does not grow where other processes run. Together it is longer than quick
 * handlers take for what Node reads from a socket in one turn, up to 2 MB: 10,000 messages of 200 bytes, at 10 µs each. Where
 * the turn came sooner (40 ms), the rest of the read waited, and the next read came on top: receiving 500,000 from core NATS took
 * 1.61 times the processor time of an iterator, and 202 MB, instead of 1.08 times and 122 MB.
 */
const PUT_OFF_CPU_MS = 100;
const LOOK_AFTER_MS = 10;
/** For handlers that block without using any. */
const PUT_OFF_AT_MOST_MS = 250;

/**
 * Yields to the event loop after a number of messages. While a batch is handed out without a pause (589 ms were
 * measured), a closed socket goes unnoticed, and publishes are lost: 1,800 of 20,000 when a NATS server was killed.
 */
export class TurnBudget {
  private since = 0;
  /** When {@link dueOnceSlow} counted the first message of this turn; undefined: none so far. */
  private began: number | undefined;
  private lookAt = 0;
  /** Processor time at the first look of this turn. */
  private cpuBefore: number | undefined;

  constructor(
    private readonly every = 256,
    private readonly clock: TurnClock = realClock,
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
    this.began ??= this.begin();
    return this.due() && this.isSlow(this.began);
  }

  /** Resolves in a later turn of the event loop. */
  next(): Promise<void> {
    return nextTurn();
  }

  private begin(): number {
    inNextTurn(() => (this.began = undefined));
    const now = this.clock.now();
    this.lookAt = now + PUT_OFF_MS;
    this.cpuBefore = undefined;
    return now;
  }

  private isSlow(began: number): boolean {
    const now = this.clock.now();
    if (now - began >= PUT_OFF_AT_MOST_MS) return true;
    if (now < this.lookAt) return false;
    this.lookAt = now + LOOK_AFTER_MS;
    const cpu = this.clock.cpu();
    this.cpuBefore ??= cpu;
    return cpu - this.cpuBefore >= PUT_OFF_CPU_MS;
  }
}
