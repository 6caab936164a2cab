import type { Clock, Incoming, Lane } from '../driver/index.js';

/**
 * Tells the server, at a third of the lease, that what was taken is still being worked on: otherwise the message is
 * delivered again beside the running call. One timer a lane, none where the lane has no lease or no work.
 */
export class LeaseKeeper {
  private cancel: (() => void) | undefined;
  private over = false;

  constructor(
    private readonly lane: Lane,
    private readonly clock: Clock,
    private readonly inWork: () => Iterable<Incoming>,
  ) {}

  /** Work has come in. */
  begin(): void {
    if (this.cancel !== undefined || this.over || this.lane.leaseMs === undefined) return;
    const extend = (): void => {
      this.cancel = undefined;
      this.extendAll();
    };
    this.cancel = this.clock.after(this.lane.leaseMs / 3, extend, 'lease');
  }

  end(): void {
    this.over = true;
    this.cancel?.();
  }

  private extendAll(): void {
    let some = false;
    for (const message of this.inWork()) {
      this.lane.extend?.(message);
      some = true;
    }
    if (some) this.begin();
  }
}
