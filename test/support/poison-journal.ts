import type { HandlerOptions } from '../../lib/index.js';

const POISON = 3;

/** One message of many that fails until all of the other keys are handled, and is parked then. */
export class PoisonJournal {
  /** In the order in which they were handled. */
  readonly handled: number[] = [];
  private calls = 0;
  /** How many had been handled when it failed for the last time. */
  private before: number | undefined;
  private readonly ofKey: number;
  private readonly others: number;

  /** Message `index` of all has the key `k${index % keys}`. */
  constructor(
    count: number,
    private readonly keys: number,
  ) {
    this.ofKey = Math.ceil((count - POISON) / keys);
    this.others = count - this.ofKey;
  }

  /** It is called again until the others are handled, however long that takes. */
  parkedIn(destination: NonNullable<HandlerOptions['deadLetter']>): HandlerOptions {
    const retryIf = (): boolean => this.before === undefined;
    return { deadLetter: destination, retry: { attempts: 100_000, delayMs: 5, factor: 1, retryIf } };
  }

  handle(index: number): void {
    if (index !== POISON) {
      this.handled.push(index);
      return;
    }
    this.calls++;
    if (this.handled.length >= this.others) this.before = this.handled.length;
    throw new Error('poison');
  }

  /** What was not as it should be, once all but the poison is handled. */
  get problems(): string[] {
    const { before = -1, others, handled, keys } = this;
    const ofKey = handled.filter((index) => index % keys === POISON);
    const inOrder = Array.from({ length: this.ofKey - 1 }, (_, at) => POISON + (at + 1) * keys);
    const early = handled.slice(0, before).filter((index) => index % keys === POISON);
    return [
      ...(before === others ? [] : [`${before} were handled before it was parked, not ${others}`]),
      ...early.map((index) => `${index} of its key was handled before it was parked`),
      ...(ofKey.join() === inOrder.join() ? [] : [`its key was handled as ${ofKey.join(' ')}`]),
      ...(this.calls > 1 ? [] : ['it was not called again']),
    ];
  }
}
