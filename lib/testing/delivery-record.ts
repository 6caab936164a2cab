import type { Headers } from '../driver/index.js';

/**
 * What became of a delivery. `nacked`: it comes again. `rejected`: a guard, the handler or the ack policy gave it up.
 * `failed`: it failed and nothing brings it back. `abandoned`: its lane ended before it was settled. `pending`: none
 * of these yet; see `harness.pending()`.
 */
export type DeliveryOutcome = 'pending' | 'acked' | 'nacked' | 'rejected' | 'failed' | 'abandoned';

/** One call of a handler, or what kept it from being called. */
export interface DeliveryAttempt {
  /** As `message.attempt`: from 1, calls in place and redeliveries counted. */
  readonly attempt: number;
  /** What the handler took, in milliseconds of real time. */
  readonly durationMs: number;
  readonly error?: Error;
  /** How long the next call waits, in milliseconds. On twins a retry in place follows at once all the same. */
  readonly nextInMs?: number;
}

/**
 * One arrival of one message at one handler, attempt by attempt. A message that JetStream brings again is a delivery of
 * its own; one that Kafka's partition holds is the same delivery.
 */
export interface DeliveryRecord {
  readonly broker: string;
  /** `Class.method`, or the name of the function given to `broker.subscribe()`. */
  readonly handler: string;
  /** What the handler subscribed to. */
  readonly source: string;
  /** The topic or subject that the message came by. */
  readonly destination: string;
  /** As `message.id`. */
  readonly position: string;
  /** The body as it came. */
  readonly body: Uint8Array | null;
  /** Decoded; `undefined` where that failed. */
  readonly payload: unknown;
  readonly headers: Headers;
  readonly key?: string;
  readonly outcome: DeliveryOutcome;
  /** Of the newest call. */
  readonly attempt: number;
  readonly attempts: readonly DeliveryAttempt[];
  /** What the handler took, all attempts together, in milliseconds of real time. */
  readonly durationMs: number;
  /** It came from another broker by the twins' shared bus: in production only if the two are one cluster. */
  readonly carried: boolean;
  /** Of the newest call. */
  readonly error?: Error;
  /** The error, its cause, the cause of that, and so on. */
  readonly causes: readonly unknown[];
}

/** Which deliveries: all fields that are given have to match. */
export interface DeliveryFilter {
  readonly broker?: string;
  /** `Class.method`. */
  readonly handler?: string;
  /** The topic or subject. With `broker` it may be a name of its `addresses`. */
  readonly destination?: string;
  readonly outcome?: DeliveryOutcome;
}
