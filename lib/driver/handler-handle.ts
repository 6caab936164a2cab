import type { BrokerCounts } from './health.js';

/**
 * What a handler is doing.
 *
 * - `running`: its source is being read, and it is called.
 * - `paused`: by `pause()`, until `resume()`.
 * - `waiting`: nothing comes to it, because its source could not be subscribed yet (a missing stream or topic, a broker
 *   that it publishes to is not up; it is retried), the start is not over, its broker is away, or a handler that shares
 *   its source is paused. `health()` says why.
 * - `stopped`: the application is not started, or is being stopped.
 */
export type HandlerState = 'running' | 'paused' | 'waiting' | 'stopped';

/** A class, possibly abstract: its handlers may be inherited. */
export type HandlerClass<T = unknown> = abstract new (...args: never[]) => T;

/** One `@Subscribe` of one method while the application runs. The object is the same for the application's life. */
export interface HandlerHandle {
  /** `Class.method@broker/address`, unique in the application and the same in every replica and after a restart. */
  readonly id: string;
  /** `Class.method`, as logs and health name it. */
  readonly handler: string;
  /** Name of the broker that it reads. */
  readonly broker: string;
  /** Topic, subject or stream on the server. */
  readonly source: string;
  readonly state: HandlerState;
  /** Counters of this handler since the application was created. */
  readonly counts: BrokerCounts;
  /**
   * How many messages wait for the handler, or for all handlers that share its source, over all replicas: those that
   * were delivered to none, and those that were and are not settled on the server. Asks the server.
   *
   * Kafka: the end offsets of all partitions less the offsets that the group has committed; messages that are handled
   * count until the next commit, and so do the markers of transactions and compacted records. JetStream: `num_pending`
   * and `num_ack_pending` of the durable. Undefined for core NATS, which keeps nothing, and while the source is not
   * subscribed.
   *
   * @throws MultiBrokerError MULTI_BROKER_LAG_UNKNOWN (retryable) where the server does not answer within 5 s
   */
  lag(): Promise<number | undefined>;
  /**
   * Stops calling the handler until `resume()`, in this process only: see {@link Subscription.pause}. Before the start,
   * it begins paused. Handlers that share its source wait as well. A pause outlasts rebalances, reconnects, failed
   * starts and `stop()` with `start()`.
   */
  pause(): void;
  /** Resumes a paused handler; otherwise does nothing. */
  resume(): void;
}
