import type { Outcome, Outgoing } from '../driver/index.js';
import type { PublishSource } from './publish-backlog.js';

/** One message on its way to a broker. */
export interface Parcel {
  readonly message: Outgoing;
  /** True: tried again with the same bytes until confirmed, not retriable, or stop. False: one try. */
  readonly persistent: boolean;
  /** For health; undefined for what was published by hand, and for replies. */
  readonly from?: PublishSource | undefined;
  /** Called once. */
  done(outcome: Outcome): void;
}
