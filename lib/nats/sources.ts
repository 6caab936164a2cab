import type { Source } from '../driver/index.js';

/** Options of {@link subject}. */
export interface SubjectOptions {
  /**
   * Those who share a queue name share the messages: each goes to one of them. Default: the broker's `queue`;
   * `false` is none, and every replica of the application handles every message.
   */
  readonly queue?: string | false;
  /**
   * How many bytes of messages may wait for the handler; what comes beyond is dropped and counted in `health()`, for the
   * server does not wait. Default: the broker's `pendingBytesLimit`.
   */
  readonly pendingBytesLimit?: number;
}

/** A core NATS subscription: nothing is kept for it while nobody reads. Made by {@link subject}. */
export interface SubjectSource extends Source, SubjectOptions {
  readonly kind: 'nats';
  readonly via: 'core';
  readonly pattern: string;
}

/** Options of {@link stream}. */
export interface StreamOptions {
  /** Name of the durable consumer, which remembers what was handled. Replicas that share it share the messages. */
  readonly durable: string;
  /** Only messages of this subject, wildcards allowed. Default: all of the stream. */
  readonly filter?: string;
  /**
   * Creates the stream on these subjects where there is none. One that exists with others is an error, for a stream
   * is never altered. Without `subjects` the stream must exist.
   */
  readonly subjects?: readonly string[];
  /** Storage of a stream that is created. Default `'file'`. */
  readonly storage?: 'file' | 'memory';
  /** Replicas of a stream that is created. Default 1. */
  readonly replicas?: number;
  /** How long a stream that is created remembers dedupe ids, in milliseconds. Default: the server's, 2 minutes. */
  readonly duplicateWindowMs?: number;
  /**
   * What a stream that is created keeps: all up to its limits; what no consumer has settled yet (`'workqueue'`); or
   * what some consumer has yet to settle (`'interest'`). Default `'limits'`.
   */
  readonly retention?: 'limits' | 'workqueue' | 'interest';
  /** How many messages a stream that is created keeps; the oldest go first. Default: no limit. */
  readonly maxMessages?: number;
  /**
   * How long a stream that is created keeps a message, in milliseconds; the server takes no less than 100. Default:
   * no limit.
   */
  readonly maxAgeMs?: number;
  /** How many bytes a stream that is created keeps. Default: no limit. */
  readonly maxBytes?: number;
  /** What a stream that is created does when it is full: drops the oldest, or refuses the new. Default `'old'`. */
  readonly discard?: 'old' | 'new';
  /** Where a consumer that is created begins: at the first message that is kept, or after the last. Default `'all'`. */
  readonly deliver?: 'all' | 'new';
  /** How long the server waits for a settlement, in milliseconds; extended while a handler runs. Default 30,000. */
  readonly ackWaitMs?: number;
  /**
   * How many messages may be unsettled over all replicas, those that wait to come again included; -1 is without a
   * limit. Default 1,000.
   */
  readonly maxAckPending?: number;
  /**
   * How often the server delivers a message before it gives it up: then nobody handles it any more. Deliveries count,
   * whether or not a handler got them; with this limit nothing is fetched ahead of the handler. Default: for ever, which
   * is what loses nothing.
   */
  readonly maxDeliver?: number;
  /**
   * What becomes of messages that are the server's own affair: delete markers (`Nats-Marker-Reason`) and definitions of
   * schedules (`Nats-Schedule`). `'skip'`: acked without a call of the handler. `'handle'`: handled like any other; a
   * delete marker has no payload. What a schedule makes, and what was published with `Nats-Rollup`, is always handled.
   * Default `'skip'`.
   */
  readonly markers?: 'skip' | 'handle';
}

/** A JetStream durable consumer. Made by {@link stream}. */
export interface StreamSource extends Source, StreamOptions {
  readonly kind: 'nats';
  readonly via: 'jetstream';
  readonly stream: string;
}

/** Reads a core NATS subject; `*` stands for one token, `>` for all that follow. A plain string says the same. */
export function subject(pattern: string, options: SubjectOptions = {}): SubjectSource {
  return { ...options, kind: 'nats', via: 'core', pattern };
}

/** Reads a JetStream stream by a durable pull consumer, which is created where there is none. */
export function stream(name: string, options: StreamOptions): StreamSource {
  return { ...options, kind: 'nats', via: 'jetstream', stream: name };
}
