import * as timers from 'node:timers';
import type { Io } from '../driver/index.js';
import { IN_ORDER, type Random, shuffled } from './random.js';

// Taken when the module loads, so that a test's fake timers do not stop deliveries.
const { setImmediate: atNextTurn } = timers;

interface Task {
  readonly run: () => void;
  readonly owner: object;
}

/**
 * The turns of the event loop in which twins deliver. One for all twins of a module: whatever becomes deliverable in
 * one turn is handed over in the next, in the order in which it became so, or in one that is drawn by the seed. Hence
 * a publish never runs a handler on its own call stack, and a test sees the same order each time.
 */
export class Turns {
  #tasks: Task[] = [];
  #waiting: (() => void)[] = [];

  constructor(private readonly random: Random = IN_ORDER) {}

  /** Runs the task in the next turn. Tasks of one owner keep their order, whatever is drawn. */
  soon(run: () => void, owner: object = run): void {
    if (this.#tasks.push({ run, owner }) === 1) atNextTurn(this.#turn);
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
    const tasks = this.random === IN_ORDER ? this.#tasks : drawn(this.#tasks, this.random);
    this.#tasks = [];
    for (const { run } of tasks) run();
    if (!this.busy) this.#wake();
  };

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Which owner comes next is drawn; which of its tasks is not. */
function drawn(tasks: readonly Task[], random: Random): Task[] {
  const byOwner = new Map<object, Task[]>();
  for (const task of tasks) {
    const known = byOwner.get(task.owner);
    if (known === undefined) byOwner.set(task.owner, [task]);
    else known.push(task);
  }
  return shuffled(tasks, random).flatMap(({ owner }) => byOwner.get(owner)?.shift() ?? []);
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
