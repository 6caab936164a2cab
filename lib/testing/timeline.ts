import type { DeliveryRecord } from './delivery-record.js';
import { rendered } from './timeline-text.js';

/** A message that was published, and what came of it. */
export interface TimelineMessage {
  readonly broker: string;
  /** The topic or subject. */
  readonly destination: string;
  readonly payload: unknown;
  /** `false`: the server did not take it; `error` says why. */
  readonly confirmed: boolean;
  readonly error?: Error;
  /** It went to who asked by a request, which is no delivery. */
  readonly answer?: true;
  readonly deliveries: readonly TimelineDelivery[];
}

/** A delivery, and what its handler published. */
export interface TimelineDelivery extends DeliveryRecord {
  readonly published: readonly TimelineMessage[];
}

/** What happened, as a tree over all brokers: a message, its deliveries, what their handlers published, and so on. */
export class Timeline {
  constructor(
    /** What the test and the application published, in order. */
    readonly messages: readonly TimelineMessage[],
    /** Deliveries of messages that nobody here has published, in order. */
    readonly others: readonly TimelineDelivery[],
    /** So many later messages and deliveries are not in it; only in an error. */
    readonly leftOut = 0,
    /** What the twins drew by, where the module has a seed: it runs the same again. */
    readonly seed?: number,
  ) {}

  /** The tree as text; of a long one the beginning and the end. */
  toString(mostLines = 200): string {
    return rendered(this, mostLines);
  }
}
