import type { Clock } from '../async/index.js';
import type { Incoming, Lane } from '../driver/index.js';

/** Messages that a lane has leased from its server. */
export interface Leased {
  /** Messages whose lease is extended. */
  inWork(): Iterable<Incoming>;
  /** Called at each third of the lease, after the extensions. Returns whether messages wait. */
  leaseLook(thirdMs: number): boolean;
}

/**
 * Extends, at a third of the lease, the messages whose handler has begun: otherwise the server would redeliver them
 * beside the running call. Waiting messages are not extended, as any other replica could handle them. One timer a lane;
 * none where the lane has no lease or no work.
 */
export class LeaseKeeper {
  private cancel: (() => void) | undefined;
  private over = false;

  constructor(
    private readonly lane: Lane,
    private readonly clock: Clock,
    private readonly leased: Leased,
  ) {}

  /** Messages have arrived. */
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
