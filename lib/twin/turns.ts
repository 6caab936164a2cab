import * as timers from 'node:timers';
import type { Io } from '../driver/index.js';

// Taken when the module loads, so that a test's fake timers do not stop deliveries.
const { setImmediate: atNextTurn } = timers;

/**
 * The turns of the event loop in which twins deliver. One for all twins of a module: whatever becomes deliverable in
 * one turn is handed over in the next, in the order in which it became so. Hence a publish never runs a handler on
 * its own call stack, and a test sees the same order each time.
 */
export class Turns {
  #tasks: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  /** Runs the task in the next turn. */
  soon(task: () => void): void {
    if (this.#tasks.push(task) === 1) atNextTurn(this.#turn);
  }

  /** Whether something is to be handed over. */
  get busy(): boolean {
    return this.#tasks.length > 0;
  }

  /** Resolves when nothing is to be handed over; what handlers do with it is not known here. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #turn = (): void => {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
    if (!this.busy) this.#wake();
  };

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

const KEY = 'twin:turns';

/** The turns of the module that this driver belongs to. */
export function turnsOf(io: Pick<Io, 'shared'>): Turns {
  return io.shared(KEY, () => new Turns());
}

/** The same module with these turns, so that who made them can wait for them. */
export function withTurns(io: Io, turns: Turns): Io {
  io.shared(KEY, () => turns);
  return io;
}
