import type { Intake } from '../../driver/index.js';
import type { Abandoning } from '../../twin/index.js';
import type { OpenLane } from './open-lanes.js';

/** The lanes of one `subscribe`. */
export class TwinIntake implements Intake, Abandoning {
  constructor(
    private readonly lanes: readonly OpenLane[],
    private readonly closed: () => void,
  ) {}

  quiet(): Promise<void> {
    for (const lane of this.lanes) lane.quiet();
    return Promise.resolve();
  }

  /** A settlement reaches the bus at once. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    for (const lane of this.lanes) lane.close();
    this.closed();
    return Promise.resolve();
  }

  abandon(): void {
    for (const lane of this.lanes) lane.abandon();
    this.closed();
  }
}
