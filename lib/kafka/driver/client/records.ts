import type { RecordHeaders } from '../../record-headers.js';

/** The value of a header, of which a repeated one has several; null without one. */
export type HeaderValue = Buffer | string | null;

/**
 * A record as fetched. Its form is that of kafkajs's message, which is used as it is; an adapter of another client converts.
 * Nothing of it changes after it was handed over.
 */
export interface FetchedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A whole number, which text may hold: a client need not convert it. */
  readonly offset: string | number | bigint;
  /** Milliseconds, in the same way. */
  readonly timestamp: string | number | bigint;
  readonly headers?: Readonly<Record<string, HeaderValue | HeaderValue[] | undefined>> | undefined;
  /**
   * The message in the `raw` of a handler, `{ topic, partition, message }`, where it is not this object. It has the form of
   * kafkajs's message with any client, so that handlers which read it need no change.
   */
  readonly native?: unknown;
}

/** A record to write. Text is written as UTF-8. */
export interface RecordToWrite {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** None is without a value. The record's own object: an instrumentation of the client may add to it. */
  headers?: RecordHeaders;
  /** Once it is set it stays, whatever is retried. */
  partition?: number;
}

/** Where the records of one partition were written, by one send. */
export interface PartitionReceipt {
  readonly partition: number;
  /** The offset of the first of them; the others follow it. Undefined where the server does not tell. */
  readonly baseOffset: string | number | bigint | undefined;
}

/** An offset that a group has committed, or is to commit: the next one to read. */
export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Text that is stored beside it. */
  readonly metadata?: string | undefined;
}
