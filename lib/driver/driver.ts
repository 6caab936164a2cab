import type { PublishError } from '../errors/index.js';
import type { Clock } from '../async/index.js';
import type { DestinationSpec, SourceSpec } from './addressing.js';
import type { ReadKept } from './kept-messages.js';
import type { Incoming, Outgoing } from './message.js';
import type { BrokerUse, Finding } from './needs.js';
import type { ServerAddress } from './server-address.js';

/**
 * The port: the only part of the library that knows a messaging system. A driver serves one broker for the life of one
 * connection: it is made, connected and closed, and not used again.
 *
 * The driver owns the connection, hands what its client fetches over as messages on lanes, confirms each published
 * message with an outcome, and tracks positions, leases and fencing. Everything else (order, retries, ack policies,
 * in-place holding, batching, headers) is implemented once, in delivery, for every kind.
 */
export interface Driver {
  /**
   * Called once. Resolves when the driver can publish; rejects with nothing left open. When `signal` aborts, it rejects
   * soon. Where the server is not reachable yet, it rejects with a `retryable` MULTI_BROKER_CONNECT_FAILED, and the
   * start retries until its deadline; any other error fails the start. Once connected, the driver restores a lost
   * connection by itself, without a limit on attempts, and reports it through `context.state`.
   */
  connect(context: DriverContext, signal: AbortSignal): Promise<void>;

  /**
   * Starts reading. Called any number of times after `connect`: at the start, with all non-durable sources and then
   * with all durable ones, or with each source separately where one must not keep the others from being read.
   *
   * Resolves when the server knows every subscription, and the start position of every durable source is stored:
   * whatever is published from then on is delivered, even to a successor after a crash. When it rejects, nothing of
   * this call is left reading, and nothing has been fetched for it, since a server may count deliveries.
   *
   * `sink` may be called before it resolves, and at any time afterwards.
   */
  subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake>;

  /**
   * Publishes messages to one destination, in order. Never rejects: outcome i belongs to message i. Resolves when every
   * message is confirmed or given up. At most one call per address (or `batchKey`) is in flight, but for one behind a call
   * that is `written`. May be called until `close`.
   *
   * @param written a driver may call it once all of the batch is on its way and nothing of it has failed. It promises that
   *   the next call of this address arrives behind it, and writes nothing more once a message of this one has to be retried
   */
  publish(to: DestinationSpec, batch: readonly Outgoing[], written?: () => void): Promise<readonly Outcome[]>;

  /**
   * Its own `publish` where that reads the fields of an `Outgoing` by name, each when it needs it: a message may then make
   * them on demand. Where it is not the `publish` of now, as in a driver that is wrapped, or absent, all fields are there,
   * as a copy by a spread needs them.
   */
  readonly readsByName?: Driver['publish'] | undefined;

  /**
   * Publishes a message and waits for one answer. Absent where the system has no request/reply. Rejects with
   * MULTI_BROKER_NO_RESPONDERS, with MULTI_BROKER_REQUEST_TIMEOUT when `signal` aborts, or with MULTI_BROKER_STOPPED
   * when the driver is closed before the answer arrives.
   */
  request?(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming>;

  /**
   * Reads what a durable source holds at this moment, apart from every `subscribe`. Absent where the driver cannot: then
   * its dead letters can be neither listed nor redriven.
   */
  readonly kept?: ReadKept;

  /**
   * Compares what an application uses with what the server has, by a connection of its own that is closed at the end:
   * called instead of `connect`, on a driver that is then closed. It reads only, creates nothing, and takes no message.
   * Rejects where the server cannot be asked, at the latest when `signal` aborts. Absent where the driver cannot compare.
   */
  inspect?(context: DriverContext, use: BrokerUse, signal: AbortSignal): Promise<readonly Finding[]>;

  /** Problems that exist although the connection is up, one sentence each. Shown by `health()`. */
  healthIssues?(): readonly string[];

  /**
   * The server that it is connected to, or one by which it has found the others; undefined while it is not known. The
   * same object until that changes, as it is asked for each message that is traced. Absent where the server has no address.
   */
  connectedTo?(): ServerAddress | undefined;

  /**
   * Idempotent; resolves even if the server is gone. Publishes in flight are settled first, if only by giving up, and
   * pending requests end. Closes everything that this driver reads, and nothing of another driver.
   */
  close(): Promise<void>;

  /** The client's own object. A twin throws MULTI_BROKER_NATIVE_UNAVAILABLE. */
  native(): unknown;
}

/** The services of the core that a driver uses. */
export interface DriverContext {
  /** Name of the broker, for messages. */
  readonly broker: string;
  /** A twin defers work to a later turn of the event loop by `after(0, …)`: a test's harness waits for these timers. */
  readonly clock: Clock;
  /** Payloads and credentials must never be passed to it. */
  readonly log: Logger;
  /** Reports every change of the connection, and only changes; the first `up` is not reported. */
  state(now: ConnectionState, cause?: Error): void;
  /**
   * The application makes spans of its messages, which an instrumentation of the client would make once more: the driver
   * uses its client without it.
   */
  readonly instrumented?: boolean | undefined;
  /** Reports that a group has given this member its partitions: at its first join, and at each rebalance after that. */
  rebalanced?(group: string): void;
  /** One object per key and module, created by the first caller. Twins meet through it rather than in module state. */
  shared<T>(key: string, make: () => T): T;
}

/** `reconnecting` ends in `up` or `lost`; `lost` is final. */
export type ConnectionState = 'up' | 'reconnecting' | 'lost';

/** The log of drivers and core. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, cause?: Error, fields?: LogFields): void;
}

/** Structured fields of a log line about one message, for log collectors. */
export interface LogFields {
  /** Code of the error: this library's, or one of the system or client (`ECONNREFUSED`). */
  readonly code?: string | undefined;
  readonly broker: string;
  /** `Class.method`. */
  readonly handler: string;
  /** The message's `id`: its position on the server. */
  readonly messageId: string;
  readonly correlationId: string;
  /** The message's `attempt` at this call. */
  readonly attempt: number;
  /** The error and its chain of causes, in one line. */
  readonly cause?: string | undefined;
}

/** The reading that one `subscribe` started. It ends by the first three methods, called once each, in this order. */
export interface Intake {
  /** Resolves when `take()` will not be called any more. Settling, extending and heartbeats continue. */
  stopFetching(): Promise<void>;
  /** Resolves when the server knows every settlement so far. Bounded in time; never rejects. */
  flush(): Promise<void>;
  /** Leaves the sources; unsettled messages go back at once. Resolves even if the server is gone. */
  close(): Promise<void>;
  /**
   * How many messages of a source wait for its group or durable, over all its members: those that were delivered to
   * nobody, and those that were and are not settled on the server. Undefined for a source that keeps no messages; absent
   * where the driver cannot tell. Rejects while the server cannot be asked, at the latest when `signal` aborts.
   */
  lag?(source: SourceSpec, signal: AbortSignal): Promise<number | undefined>;
}

/** Receiver of a driver's messages, implemented by delivery. Its methods never throw. */
export interface Sink {
  /** A lane begins. Called before its first `take`. */
  opened(lane: Lane): void;
  /**
   * Hands over messages in lane order. A returned promise means that the lane is full: nothing more may be handed over
   * on it until the promise resolves; other lanes continue. Must not be called once the lane's `lost` has aborted.
   */
  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void>;
  /**
   * Called before a driver gives up lanes in order to read more, such as a Kafka group that rejoins for one more topic:
   * no further handler starts on this lane. Resolves when the running ones have ended, publishes and settlements
   * included. Not called where a stop has already drained the lane.
   */
  drain?(lane: Lane): Promise<void>;
}

/**
 * A sequence of messages that is assigned, and lost, as a whole: a Kafka partition within one assignment, a JetStream
 * consumer, a core NATS subscription. A new assignment is a new lane.
 */
export interface Lane {
  /** The same object that `subscribe` received: delivery finds the handler by its identity. */
  readonly source: SourceSpec;
  /** For logs: `incoming[3]`. */
  readonly name: string;
  /** Aborts when the lane is revoked, deleted or closed. Its queue is dropped, and `settle` and `extend` do nothing. */
  readonly lost: AbortSignal;
  /**
   * How a failed message is retried: `server` redelivers it after `redeliverInMs`, unless delivery holds it for the order
   * of its key ({@link maxHeld}); `in-place`, delivery holds it and
   * calls the handler again (`settle` never gets `redeliverInMs`); `none`, it is not retried.
   */
  readonly redelivery: 'server' | 'in-place' | 'none';
  /** Whether the server waits while the lane is full. Where it does not, delivery drops messages and counts them. */
  readonly backpressure: boolean;
  /**
   * Without backpressure: once more than this many bytes are waiting (see {@link Incoming.bytes}), further messages are
   * dropped and counted. Undefined: only the number of messages is limited.
   */
  readonly pendingBytesLimit?: number | undefined;
  /**
   * Without backpressure: the client reads on while delivery yields to the event loop, and what it reads waits in memory.
   * Handlers that are quick are called for longer then, before delivery yields.
   */
  readonly readsOn?: boolean | undefined;
  /** How long the server waits for a settlement before it redelivers. Delivery extends at a third of it. */
  readonly leaseMs?: number | undefined;
  /**
   * Extends the lease of a message whose handler is still running, or that waits here for a further call. From then on
   * it is no longer one that was left unsettled.
   */
  extend?(message: Incoming): void;
  /**
   * The handler has ended without settling the message (`ack: 'manual'`). It may still be settled until the server
   * redelivers it, which is then a new delivery rather than a duplicate of one in progress.
   */
  leftUnsettled?(message: Incoming): void;
  /**
   * This delivery no longer settles a message that was left unsettled: its lease has expired, so the server redelivers
   * it, here or to another member.
   */
  forget?(message: Incoming): void;
  /** The most messages that may be queued for their handler, where limited; 0: only what can start at once. */
  readonly maxPrefetch?: number | undefined;
  /**
   * With `redelivery: 'server'`: the most messages that may stay here, their leases extended, since one of their key has
   * failed and waits for a further call. 0: every failed message goes back, as the server gives messages up by the number
   * of their deliveries. Undefined: no limit of the lane.
   */
  readonly maxHeld?: number | undefined;
  /**
   * How many messages delivery accepts, including those already on their way; called at every change, first within
   * `opened`. For servers that give other members what one reader does not ask for.
   *
   * 0: nothing can start, because the subscription is paused or a handler does not end. The lane returns whatever still
   * arrives; what was queued, delivery has returned by `settle` in the same turn. `take` never returns a promise for
   * such a lane.
   */
  demand?(messages: number): void;
  /**
   * Set while the driver itself holds messages back until some are settled: how much is unsettled (`8 MiB`). Shown by
   * `health()`.
   */
  readonly fullBy?: string | undefined;
  /** Called once per message, in any order; never throws. */
  settle(message: Incoming, how: Settlement): void;
}

/** `reject`: not handled, and not to be redelivered. */
export type Settlement = 'ack' | 'reject' | { readonly redeliverInMs: number };

/** Result of publishing one message. */
export type Outcome = { readonly receipt: Receipt } | { readonly error: PublishError };

/** The server's confirmation. */
export interface Receipt {
  /** `topic[partition]@offset` or `stream@sequence`, where the server reports one. */
  readonly position?: string | undefined;
  /** The server already had a message with this dedupe id. */
  readonly duplicate?: boolean | undefined;
}
