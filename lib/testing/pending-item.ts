/**
 * Why something waits. `retry`: for its next call in place (real brokers; on twins that follows at once). `hold`: a
 * Kafka message that comes again at the head of its partition. `redelivery`: a JetStream message that was nacked.
 * `ack-wait`: one that was handed out to a connection or process that is gone; it comes again when its ack wait is
 * over. `manual`: a message that its handler has not settled yet; JetStream brings it again when its ack wait is over.
 * `queued`: messages behind one of these, or of a paused subscription. `unread`: messages on a broker that is
 * not connected now, after a crash or without a connection. `publish-retry`: a publish that was not confirmed and is
 * tried again. `target-down`: a source that is not read, as a broker that its handler publishes to is not up (`critical:
 * false`); `what` names it. `publish`: one that a fault delays. `processing`: a handler that runs, until its `maxProcessingMs` is
 * over. `timer`: anything else that waits for the clock.
 */
export type PendingReason =
  | 'retry'
  | 'hold'
  | 'redelivery'
  | 'ack-wait'
  | 'manual'
  | 'queued'
  | 'unread'
  | 'publish-retry'
  | 'target-down'
  | 'publish'
  | 'processing'
  | 'timer';

/** What waits: for the clock where it has a `dueAt`, else for something that the application or the test does. */
export interface PendingItem {
  readonly why: PendingReason;
  readonly broker?: string;
  readonly handler?: string;
  /** The topic or subject of the message; of `queued` and `unread`, what is read, such as `incoming[3]`. */
  readonly destination?: string;
  /** As `message.id`. */
  readonly position?: string;
  /** Of the newest call. */
  readonly attempt?: number;
  /** How many messages. */
  readonly messages?: number;
  /** Why it was not confirmed, or what the handler failed with. */
  readonly error?: Error;
  /**
   * Of a `timer`: what for, in a few words, where that is known. Of messages that a twin keeps: for which group or
   * durable.
   */
  readonly what?: string;
  /** When it goes on, in milliseconds since the epoch. */
  readonly dueAt?: number;
  /** The same in milliseconds from now. */
  readonly inMs?: number;
}
