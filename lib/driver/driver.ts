import type { PublishError } from '../errors/index.js';
import type { Clock } from './clock.js';
import type { DestinationSpec, SourceSpec } from './definition.js';
import type { Incoming, Outgoing } from './message.js';

/**
 * The port: the only part that knows a messaging system. A driver serves one broker, for one connection's life:
 * it is made, connected, closed, and not used again.
 *
 * The driver owns the connection, turns what its client fetches into messages on lanes, confirms publishes with an
 * outcome for each message, and keeps position, lease and fence. Everything else — order, retry, ack policy, holding,
 * coalescing, headers — is delivery's, once, for every kind.
 */
export interface Driver {
  /**
   * Called once. Resolves when it can publish; rejects with nothing left open. When the signal aborts it gives up
   * soon and rejects. Where the server is not there yet it rejects with a MULTI_BROKER_CONNECT_FAILED that is
   * `retryable`, and a start tries again until its deadline; any other failure ends the start. After it resolved, a lost connection is the driver's to mend, for ever, told by `io.state`.
   */
  connect(io: Io, signal: AbortSignal): Promise<void>;

  /**
   * Starts reading. Called after `connect`, any number of times: at the start with all sources that are not durable,
   * then with the durable ones; with each by itself where one must not keep the others from being read. Resolves when
   * the server knows every subscription, and every durable source has its start position fixed and stored: what is
   * published from then on is seen, even by a successor after a crash. Rejects with nothing of this call left reading
   * and nothing delivered for it, as a server may count deliveries.
   *
   * It calls `sink` any time from then on, and before it resolves.
   */
  subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake>;

  /**
   * Writes messages to one destination, in order. Never rejects: outcome i is message i's. It resolves when every
   * message is confirmed or given up. At most one call for each address (or `batchKey`) is under way. Callable until
   * `close`.
   */
  publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]>;

  /**
   * Writes and waits for one answer. Absent where the system has no request/reply. Rejects with MultiBrokerErrors:
   * MULTI_BROKER_NO_RESPONDERS, MULTI_BROKER_REQUEST_TIMEOUT when the signal aborts, MULTI_BROKER_STOPPED when the
   * driver is closed before an answer came.
   */
  request?(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming>;

  /** What is not as it should be though the connection is up, a sentence each; shown by `health()`. */
  ailments?(): readonly string[];

  /**
   * Idempotent; resolves although the server is gone. Publishes under way settle first, if only by giving up, and no
   * request waits on. It closes what this driver reads, and nothing of another's.
   */
  close(): Promise<void>;

  /** The client's own object; throws MULTI_BROKER_NATIVE_UNAVAILABLE on a twin. */
  native(): unknown;
}

/** What a driver gets from the core. */
export interface Io {
  /** Name of the broker, for messages. */
  readonly broker: string;
  /** A twin does by `after(0, …)` what is for a later turn of the event loop: a test's harness waits for that. */
  readonly clock: Clock;
  /** Never given a payload or a credential. */
  readonly log: Log;
  /** Tells every change of the connection and nothing else, the first `up` excepted. `lost`: it will not come back. */
  state(now: ConnectionState, cause?: Error): void;
  /** One object for each key in a module, made by the first who asks. Twins meet here, never in the process. */
  shared<T>(key: string, make: () => T): T;
}

/** `reconnecting` ends in `up` or `lost`. */
export type ConnectionState = 'up' | 'reconnecting' | 'lost';

/** Where drivers and core write. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, cause?: Error, fields?: LogFields): void;
}

/** What a line says of one message, beside its sentence: for who collects logs by their fields. */
export interface LogFields {
  /** Of the error: this library's, or what the system or a client calls it (`ECONNREFUSED`). */
  readonly code?: string | undefined;
  readonly broker: string;
  /** `Class.method`. */
  readonly handler: string;
  /** The message's `id`: its position at the server. */
  readonly messageId: string;
  readonly correlationId: string;
  /** Which call it was, as `message.attempt` has it. */
  readonly attempt: number;
  /** The error and each cause beneath it, in one line. */
  readonly cause?: string | undefined;
}

/** What one `subscribe` reads. The calls come in this order, each once: quiet, flush, close. */
export interface Intake {
  /** Resolves when there will be no further `take()`. Settling, extending and heartbeats go on. */
  quiet(): Promise<void>;
  /** Resolves when the server knows every settlement so far; bounded, and never rejects. */
  flush(): Promise<void>;
  /** Leaves the sources; what is unsettled goes back at once. Resolves although the server is gone. */
  close(): Promise<void>;
}

/** Where a driver hands messages over; delivery's. Neither call throws. */
export interface Sink {
  /** A lane begins. Called before its first `take`. */
  opened(lane: Lane): void;
  /**
   * Messages in lane order. A promise means full: nothing more on this lane until it resolves; other lanes go on.
   * The driver must not call it for a lane whose `lost` has aborted.
   */
  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void>;
  /**
   * Before a driver gives lanes up to read more (a Kafka group that is joined anew for one more topic): no further
   * handler begins on this one. Resolves when those that run are over, with their publishes and settlements. Not where
   * a stop has done so before.
   */
  drain?(lane: Lane): Promise<void>;
}

/**
 * One order with one fate: a Kafka partition within one assignment, a JetStream consumer, a core subscription.
 * Whatever may be taken away as a whole is a lane; a successor is a new lane.
 */
export interface Lane {
  /** The very object that `subscribe` was given: delivery finds the handler by it. */
  readonly source: SourceSpec;
  /** For logs: `incoming[3]`. */
  readonly name: string;
  /** Revoked, deleted or closed. Its queue vanishes, and later calls of `settle` and `extend` do nothing. */
  readonly lost: AbortSignal;
  /**
   * Who brings a failed message back: the server after `againInMs`; delivery, which holds it in place (`settle` is
   * then never called with `againInMs`); nobody.
   */
  readonly again: 'server' | 'hold' | 'never';
  /** Whether the server waits while the lane is full. Where it does not, delivery drops and counts. */
  readonly waits: boolean;
  /**
   * Where the server does not wait: delivery drops and counts what comes while messages of more bytes than this wait,
   * by {@link Incoming.bytes}. Undefined: by their number alone.
   */
  readonly pendingBytesLimit?: number | undefined;
  /** How long the server waits for a settlement before it delivers again; delivery extends at a third of it. */
  readonly leaseMs?: number | undefined;
  /** Tells the server that this message is still being worked on. */
  extend?(message: Incoming): void;
  /**
   * Its handler is over and has not settled it (`ack: 'manual'`). It may still be settled, until the server delivers it
   * again: that is a new delivery of the message then, and no copy of one that is being worked on.
   */
  leftUnsettled?(message: Incoming): void;
  /**
   * What was left unsettled is settled by this delivery no more: its lease is over, so that the server delivers it
   * again, here or elsewhere.
   */
  forget?(message: Incoming): void;
  /** The most messages that may wait for their handler, where there is a limit; 0: none but what can be begun. */
  readonly maxPrefetch?: number | undefined;
  /**
   * How many messages delivery takes, those on their way included; told anew as it goes on, first within `opened`. For a
   * server that gives to others what one reader does not ask for. 0: nothing can be begun, as the subscription is
   * paused or a handler does not end; whatever comes all the same, the lane gives back itself. What waited, delivery
   * has given back by `settle` in the same turn. Such a lane is never told that it is full.
   */
  demand?(messages: number): void;
  /**
   * While the driver itself hands nothing more over before something is settled: how much is unsettled, in words
   * (`8 MiB`). Shown by `health()`.
   */
  readonly fullBy?: string | undefined;
  /** Once for each message, in any order; never throws. */
  settle(message: Incoming, how: Settlement): void;
}

/** `drop` = rejected: not handled, and not to come again. */
export type Settlement = 'done' | 'drop' | { readonly againInMs: number };

/** What became of one message that was written. */
export type Outcome = { readonly receipt: Receipt } | { readonly error: PublishError };

/** The server's confirmation. */
export interface Receipt {
  /** `topic[partition]@offset`, or `stream@sequence`, where the server told one. */
  readonly position?: string | undefined;
  /** The server had a message of this dedupe id already. */
  readonly duplicate?: boolean | undefined;
}
