import type { Clock } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { Deadline } from './deadline.js';

/** What was asked for outside the start: each is bounded as a start is, and a stop ends them all. */
export class Demands {
  private readonly open = new Set<Deadline>();

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: () => number,
  ) {}

  async run<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = this.deadline();
    this.open.add(deadline);
    try {
      return await act(deadline.signal);
    } finally {
      deadline.clear();
      this.open.delete(deadline);
    }
  }

  abort(reason: () => Error): void {
    for (const deadline of this.open) deadline.abort(reason);
  }

  /** Of a start, or of a demand. */
  deadline(): Deadline {
    const ms = this.timeoutMs();
    return new Deadline(this.clock, ms, () => {
      return new MultiBrokerError('MULTI_BROKER_START_TIMEOUT', `Not started within ${String(ms)} ms`);
    });
  }
}
