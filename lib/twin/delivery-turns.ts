import { afterTurn } from '../async/index.js';
import type { DriverContext } from '../driver/index.js';
import { IN_ORDER, type Random, shuffled } from './random.js';

interface Task {
  readonly run: () => void;
  readonly owner: object;
}

/**
 * The turns of the event loop in which twins deliver, one instance for all twins of a module. Messages that become
 * deliverable in one turn are delivered in the next, in the same order or in one drawn by the seed. Hence a publish
 * never runs a handler on its own call stack, and a test sees the same order each time.
 */
export class DeliveryTurns {
  private tasks: Task[] = [];
  private waiting: (() => void)[] = [];

  constructor(private readonly random: Random = IN_ORDER) {}

  /** Runs the task in the next turn. Tasks of one owner keep their order, also with a seed. */
  soon(run: () => void, owner: object = run): void {
    if (this.tasks.push({ run, owner }) === 1) afterTurn(this.turn);
  }

  /** Whether a delivery is scheduled. */
  get busy(): boolean {
    return this.tasks.length > 0;
  }

  /** Resolves when no delivery is scheduled; handlers may still be running. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private readonly turn = (): void => {
    const tasks = this.random === IN_ORDER ? this.tasks : drawn(this.tasks, this.random);
    this.tasks = [];
    for (const { run } of tasks) run();
    if (!this.busy) this.wake();
  };

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Draws the order of the owners; the tasks of each keep theirs. */
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
export function turnsOf(io: Pick<DriverContext, 'shared'>): DeliveryTurns {
  return io.shared(KEY, () => new DeliveryTurns());
}

/** Makes the driver context use these turns, so that their creator can wait for them. */
export function withTurns(io: DriverContext, turns: DeliveryTurns): DriverContext {
  io.shared(KEY, () => turns);
  return io;
}
