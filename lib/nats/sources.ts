import type { Source } from '../driver/index.js';

/** Options of {@link subject}. */
export interface SubjectOptions {
  /**
   * Queue group: its members share the messages, each of which goes to one of them. Default: the broker's `queue`;
   * `false` for none, so that every replica of the application handles every message.
   */
  readonly queue?: string | false;
  /**
   * How many bytes of messages may wait for the handler. Messages beyond are dropped and counted in `health()`, for core
   * NATS has no backpressure. Default: the broker's `pendingBytesLimit`.
   */
  readonly pendingBytesLimit?: number;
}

/** A core NATS subscription: messages published while it is not read are lost. Made by {@link subject}. */
export interface SubjectSource extends Source, SubjectOptions {
  readonly kind: 'nats';
  readonly via: 'core';
  readonly pattern: string;
}

/** Options of {@link stream}. */
export interface StreamOptions {
  /** Name of the durable consumer, which remembers what was handled. Replicas with the same durable share the messages. */
  readonly durable: string;
  /** Only messages of this subject, wildcards allowed. Default: all of the stream. */
  readonly filter?: string;
  /**
   * Creates the stream on these subjects if it does not exist. A stream with other subjects is an error, for existing
   * streams are never altered. Without `subjects` the stream must exist, or be created by another source of the broker.
   */
  readonly subjects?: readonly string[];
  /** Storage of a stream that is created. Default `'file'`. */
  readonly storage?: 'file' | 'memory';
  /** Replicas of a stream that is created. Default 1. */
  readonly replicas?: number;
  /** How long a stream that is created remembers dedupe ids, in milliseconds. Default: the server's, 2 minutes. */
  readonly duplicateWindowMs?: number;
  /**
   * Retention of a stream that is created: everything up to its limits; messages until a consumer has settled them
   * (`'workqueue'`); or messages until every consumer has settled them (`'interest'`). Default `'limits'`.
   */
  readonly retention?: 'limits' | 'workqueue' | 'interest';
  /** How many messages a stream that is created keeps; the oldest are dropped first. Default: no limit. */
  readonly maxMessages?: number;
  /**
   * How long a stream that is created keeps a message, in milliseconds, at least 100. Default: no limit.
   */
  readonly maxAgeMs?: number;
  /** How many bytes a stream that is created keeps. Default: no limit. */
  readonly maxBytes?: number;
  /** Whether a full stream, of those that are created, drops old messages or refuses new ones. Default `'old'`. */
  readonly discard?: 'old' | 'new';
  /**
   * Whether a stream that is created has fast ingest (the server's `allow_batched`, nats-server 2.14): results of handlers
   * go to it as batches, with the promises of every publish. Of use to a stream with one replica. Default: it has not.
   */
  readonly allowBatched?: boolean;
  /** Where a consumer that is created starts: at the stream's first message, or after its last. Default `'all'`. */
  readonly deliver?: 'all' | 'new';
  /** How long the server waits for a settlement, in milliseconds; extended while a handler runs. Default 30,000. */
  readonly ackWaitMs?: number;
  /**
   * How many messages may be unsettled over all replicas, including those that wait to be redelivered; -1 for no limit.
   * Default 1,000.
   */
  readonly maxAckPending?: number;
  /**
   * How often the server delivers a message before it gives it up for good. Every delivery counts, whether or not a
   * handler got it; with this limit nothing is fetched ahead of the handler. Default: no limit, which loses nothing.
   */
  readonly maxDeliver?: number;
  /**
   * Whether handlers get delete markers (`Nats-Marker-Reason`) and schedule definitions (`Nats-Schedule`). `'skip'`: they
   * are acknowledged without a call of the handler. `'handle'`: they are handled like any message; a delete marker has no
   * payload. Messages that a schedule produces, and those published with `Nats-Rollup`, are always handled. Where an ack
   * removes a message (`workqueue`, `interest`), `'skip'` leaves schedules unsettled, as an ack would cancel them. Default
   * `'skip'`.
   */
  readonly markers?: 'skip' | 'handle';
}

/** A JetStream durable consumer. Made by {@link stream}. */
export interface StreamSource extends Source, StreamOptions {
  readonly kind: 'nats';
  readonly via: 'jetstream';
  readonly stream: string;
}

/** The same source below the prefix of a class: its subjects, and not the name of a stream. */
export function prefixedSource(from: Source, prefix: string): Source {
  if (from.kind !== 'nats') return from;
  const { pattern, filter, subjects } = from as Partial<Pick<SubjectSource, 'pattern'> & StreamOptions>;
  const prefixed = {
    ...from,
    ...(pattern !== undefined && { pattern: `${prefix}${pattern}` }),
    ...(filter !== undefined && { filter: `${prefix}${filter}` }),
    ...(subjects !== undefined && { subjects: subjects.map((one) => `${prefix}${one}`) }),
  };
  return prefixed;
}

/** Reads a core NATS subject; `*` matches one token, `>` all that follow. A plain string means the same. */
export function subject(pattern: string, options: SubjectOptions = {}): SubjectSource {
  return { ...options, kind: 'nats', via: 'core', pattern };
}

/** Reads a JetStream stream through a durable pull consumer, which is created if it does not exist. */
export function stream(name: string, options: StreamOptions): StreamSource {
  return { ...options, kind: 'nats', via: 'jetstream', stream: name };
}
