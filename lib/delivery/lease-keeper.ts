import type { Clock, Incoming, Lane } from '../driver/index.js';

/** What a lane has of its server for a while. */
export interface Leased {
  /** What is being worked on. */
  inWork(): Iterable<Incoming>;
  /** Called at each third of the lease, after what is in work was extended. Returns whether something waits. */
  leaseLook(thirdMs: number): boolean;
}

/**
 * Tells the server, at a third of the lease, that what a handler has begun is still being worked on: otherwise the
 * message is delivered again beside the running call. What merely waits is not extended, for any other replica could
 * handle it. One timer a lane, none where the lane has no lease or no work.
 */
export class LeaseKeeper {
  private cancel: (() => void) | undefined;
  private over = false;

  constructor(
    private readonly lane: Lane,
    private readonly clock: Clock,
    private readonly leased: Leased,
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
    for (const message of this.leased.inWork()) {
      this.lane.extend?.(message);
      some = true;
    }
    if (this.leased.leaseLook((this.lane.leaseMs ?? 0) / 3)) some = true;
    if (some) this.begin();
  }
}
