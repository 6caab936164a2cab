import type { ClientHeaders } from './client-headers.js';

/** Where JetStream's API is, and how long it may take. */
export interface JetStreamOptions {
  /** Begins its request subjects. Default `$JS.API`. */
  apiPrefix?: string;
  /** In milliseconds. Default 5,000. */
  timeout?: number;
  /** Name of the domain, which determines the prefix. */
  domain?: string;
}

/** The configuration of a stream, as the server has it: times in nanoseconds. */
export interface StreamConfig {
  name: string;
  subjects: string[];
  storage: string;
  retention: string;
  discard: string;
  num_replicas: number;
  max_msgs: number;
  max_bytes: number;
  max_age: number;
  max_msgs_per_subject: number;
  duplicate_window: number;
  no_ack?: boolean;
  /** Fast ingest: nats-server 2.14. */
  allow_batched?: boolean;
  discard_new_per_subject?: boolean;
  mirror?: unknown;
  sources?: unknown[];
  subject_transform?: unknown;
}

/** A stream, as the server tells of it. */
export interface StreamInfo {
  /** Changes when the stream is recreated. */
  created: string;
  config: StreamConfig;
  state: {
    messages: number;
    bytes: number;
    first_seq: number;
    last_seq: number;
    consumer_count: number;
    subjects?: Record<string, number>;
  };
}

/** The configuration of a consumer, as the server has it: times in nanoseconds. */
export interface ConsumerConfig {
  name?: string;
  durable_name?: string;
  ack_policy: string;
  deliver_policy: string;
  deliver_subject?: string;
  opt_start_seq?: number;
  ack_wait?: number;
  max_ack_pending?: number;
  max_deliver?: number;
  max_batch?: number;
  max_bytes?: number;
  max_expires?: number;
  backoff?: number[];
  filter_subject?: string;
  filter_subjects?: string[];
  pause_until?: string;
}

/** A consumer, as the server tells of it. */
export interface ConsumerInfo {
  /** Changes when the consumer is recreated. */
  created: string;
  config: ConsumerConfig;
  ack_floor: { stream_seq: number };
  num_pending: number;
  num_ack_pending: number;
}

/** A message as a stream stores it. */
export interface StoredMsg {
  subject: string;
  seq: number;
  data: Uint8Array;
  header: ClientHeaders;
  time: Date;
  /** By RFC 3339, to the nanosecond. */
  timestamp: string;
}

/** Pages of a list; an empty one is the end. */
export interface Pages<T> {
  next(): Promise<T[]>;
}

/**
 * JetStream's API, as far as the driver uses it. Its errors are read by client-failures.ts: those of the server, and
 * those of the client where none answers.
 */
export interface JetStreamManager {
  readonly streams: {
    info(name: string, options?: { subjects_filter?: string }): Promise<StreamInfo>;
    add(config: Partial<StreamConfig>): Promise<StreamInfo>;
    list(): Pages<StreamInfo>;
    names(subject: string): Pages<string>;
    /** The stream that captures the subject. An error without a code if there is none, or several do. */
    find(subject: string): Promise<string>;
    /** Where there is no such message, null or the server's error. */
    getMessage(stream: string, query: { seq: number; next_by_subj?: string }): Promise<StoredMsg | null>;
  };
  readonly consumers: {
    info(stream: string, consumer: string): Promise<ConsumerInfo>;
    add(stream: string, config: Partial<ConsumerConfig>): Promise<ConsumerInfo>;
  };
}

/** Begins the subjects of JetStream's API, without the last dot. */
export function apiPrefixOf({ domain, apiPrefix = '$JS.API' }: JetStreamOptions = {}): string {
  return domain === undefined ? apiPrefix.replace(/\.$/, '') : `$JS.${domain}.API`;
}
