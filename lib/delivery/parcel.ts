import type { Outcome, Outgoing } from '../driver/index.js';

/** One message on its way to a broker. */
export interface Parcel {
  readonly message: Outgoing;
  /** True: tried again with the same bytes until confirmed, not retriable, or stop. False: one try. */
  readonly persistent: boolean;
  /** Called once. */
  done(outcome: Outcome): void;
}
