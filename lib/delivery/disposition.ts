import type { Settlement } from '../driver/index.js';

/** What follows a failure: decided by the binding's policy, carried out by the delivery. */
export type Disposition = Retry | Hold | Park | Settle | Leave;

/** The handler is called again in place. */
export interface Retry {
  readonly kind: 'retry';
  readonly inMs: number;
}

/** The retries in place are used up: the message stays at the head of its lane, and its handler is called again. */
export interface Hold {
  readonly kind: 'hold';
  readonly inMs: number;
}

/** The message is written to its dead letter's destination, and acked once that is confirmed. */
export interface Park {
  readonly kind: 'park';
}

/** The message is settled with the server. */
export interface Settle {
  readonly kind: 'settle';
  readonly how: Settlement;
  /**
   * `failed`: the policy redelivers it. `paused`: its subscription is paused, and other replicas may have it. `stopped`:
   * the same, as its lane is being stopped. `rejected`: by its policy, by a guard or by the handler. `lost`: its source cannot redeliver it.
   */
  readonly reason: 'failed' | 'paused' | 'stopped' | 'rejected' | 'lost';
}

/** The message stays unsettled, or as its handler has settled it. */
export interface Leave {
  readonly kind: 'leave';
  /** `policy`: the handler settles it, or it was acked first. `lane-ended`: the next reader of the source gets it. */
  readonly reason: 'policy' | 'settled' | 'lane-ended';
}
