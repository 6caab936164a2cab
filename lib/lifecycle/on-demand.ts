import { type Clock, Deadline } from '../async/index.js';
import { errorOf, type MultiBrokerError } from '../errors/index.js';

/** Operations outside the start, such as an early publish: limited by `startTimeoutMs`, and aborted by a stop. */
export class OnDemandOperations {
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

  /** The deadline of a start or of one operation. */
  deadline(): Deadline {
    const ms = this.timeoutMs();
    return new Deadline(this.clock, ms, () => {
      return errorOf('MULTI_BROKER_START_TIMEOUT', { ms });
    });
  }
}

/** The error of operations that a stop aborts or refuses. */
export function stopped(): MultiBrokerError {
  return errorOf('MULTI_BROKER_STOPPED.all', {});
}
