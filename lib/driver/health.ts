/** Health of one broker. */
export interface BrokerHealth {
  readonly name: string;
  readonly kind: string;
  /** `degraded`: it works, but `reasons` names problems. */
  readonly status: 'up' | 'degraded' | 'down';
  /** The problems, one sentence each; empty when `up`. */
  readonly reasons: readonly string[];
  /** Noteworthy states that are no problem, such as a paused subscription. They do not affect the status. */
  readonly notes: readonly string[];
  readonly counts: BrokerCounts;
}

/** Counters of one broker, or of one handler, since it was created. */
export interface BrokerCounts {
  /** Handler calls running now. */
  readonly running: number;
  /** Deliveries that are not settled yet, including the running ones. */
  readonly unsettled: number;
  /** Handler calls that succeeded. */
  readonly handled: number;
  /** Handler calls that failed. */
  readonly failed: number;
  /** Messages rejected or given up: acked without having been handled. */
  readonly rejected: number;
  /** Messages parked as dead letters, and then acked. */
  readonly deadLettered: number;
  /** Messages lost before they were handled, where the system keeps none (core NATS with a full queue). */
  readonly dropped: number;
  /** Handler results that publishers with `bestEffort` failed to publish. */
  readonly unpublished: number;
  /** Messages that the `filter` of no handler of their source wanted. */
  readonly unmatched: number;
}

/** Health of all brokers. */
export interface MultiBrokerHealth {
  /** The worst status of any broker, except that a broker with `critical: false` that is down counts as degraded. */
  readonly status: 'up' | 'degraded' | 'down';
  readonly brokers: readonly BrokerHealth[];
}
