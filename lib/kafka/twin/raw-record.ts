import type { Stored } from '../../twin/index.js';

/** What `message.raw` is on a twin: the same fields as kafkajs gives. */
export interface TwinRawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly message: {
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly timestamp: string;
    readonly attributes: number;
    readonly offset: string;
    readonly headers: Readonly<Record<string, Buffer>>;
  };
}

/** A copy of its own for whoever asks. */
export function rawRecord(stored: Stored, partition: number, offset: number): TwinRawRecord {
  const headers = Object.entries(stored.headers).map(([name, value]) => [name, Buffer.from(value)] as const);
  return {
    topic: stored.address,
    partition,
    message: {
      key: stored.key === undefined ? null : Buffer.from(stored.key),
      value: stored.body === null ? null : Buffer.from(stored.body),
      timestamp: String(stored.timestamp),
      attributes: 0,
      offset: String(offset),
      headers: Object.fromEntries(headers),
    },
  };
}
