import type { Headers } from '../driver/index.js';
import type { PublishedMessage } from './published-message.js';

/**
 * Outcome of a delivery. `nacked`: it will be redelivered. `rejected`: a guard, the handler or the ack policy gave it up.
 * `dead-lettered`: it was given up and parked, see `letter`.
 * `failed`: it failed and is not redelivered. `abandoned`: its lane ended before it was settled. `pending`: none of these
 * yet; see `harness.pending()`.
 */
export type DeliveryOutcome = 'pending' | 'acked' | 'nacked' | 'rejected' | 'dead-lettered' | 'failed' | 'abandoned';

/** One call of a handler, or a failure that kept it from being called. */
export interface DeliveryAttempt {
  /** See `message.attempt`: from 1, counting retries in place and redeliveries. */
  readonly attempt: number;
  /** Of a handler with `batch`: messages of the call, this one included. */
  readonly batchSize?: number;
  /** Duration of the handler, in milliseconds of real time. */
  readonly durationMs: number;
  readonly error?: Error;
  /** Delay before the next call, in milliseconds. On twins a retry in place follows at once nevertheless. */
  readonly nextInMs?: number;
}

/**
 * One delivery of one message to one handler, with its attempts. A redelivery by JetStream is a new delivery; a retry of
 * a message that holds a Kafka partition is an attempt of the same delivery.
 */
export interface DeliveryRecord {
  readonly broker: string;
  /** `Class.method`, or the name of the function given to `broker.subscribe()`. */
  readonly handler: string;
  /** The source of the handler. */
  readonly source: string;
  /** Topic or subject of the message. */
  readonly destination: string;
  /** See `message.id`. */
  readonly position: string;
  /** The body as received. */
  readonly body: Uint8Array | null;
  /** The decoded payload; `undefined` if decoding failed. */
  readonly payload: unknown;
  readonly headers: Headers;
  readonly key?: string;
  /** The dead letter, once it is confirmed. */
  readonly letter?: ParkedLetter;
  readonly outcome: DeliveryOutcome;
  /** The latest attempt. */
  readonly attempt: number;
  readonly attempts: readonly DeliveryAttempt[];
  /** Duration of all attempts together, in milliseconds of real time. */
  readonly durationMs: number;
  /** Published by another broker on the twins' shared bus: in production it arrives only if both are one cluster. */
  readonly carried: boolean;
  /** Error of the latest attempt. */
  readonly error?: Error;
  /** The error and its chain of causes. */
  readonly causes: readonly unknown[];
}

/** A dead letter that its broker has confirmed. */
export interface ParkedLetter extends PublishedMessage {
  /** Name of the dead-letter broker. */
  readonly broker: string;
  readonly body: Uint8Array | null;
  /** Its place on the server, as of a `PublishReceipt`; absent where the server tells none. */
  readonly position?: string;
}

/** Selects deliveries: all given fields have to match. */
export interface DeliveryFilter {
  readonly broker?: string;
  /** `Class.method`. */
  readonly handler?: string;
  /** The topic or subject. With `broker` it may be an alias of its `addresses`. */
  readonly destination?: string;
  readonly outcome?: DeliveryOutcome;
}
