import type { RawHeader } from '../../driver/index.js';
import type { Stored } from '../../twin/index.js';
import { recordHeaders } from '../record-headers.js';

/** What `message.raw` is on a twin: the fields that kafkajs gives of a record, without those of its batch. */
export interface TwinRawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly message: {
    readonly magicByte: 2;
    readonly attributes: number;
    readonly timestamp: string;
    readonly offset: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
    readonly isControlRecord: false;
  };
}

/** A copy of its own for whoever asks. */
export function rawRecord(stored: Stored, partition: number, offset: number): TwinRawRecord {
  const texts = Object.entries(stored.headers).map(([name, value]): RawHeader => [name, Buffer.from(value)]);
  return {
    topic: stored.address,
    partition,
    message: {
      magicByte: 2,
      attributes: 0,
      timestamp: String(stored.timestamp),
      offset: String(offset),
      key: stored.key === undefined ? null : Buffer.from(stored.key),
      value: stored.body === null ? null : Buffer.from(stored.body),
      headers: recordHeaders(undefined, [
        ...texts,
        ...(stored.rawHeaders ?? []),
      ]) as TwinRawRecord['message']['headers'],
      isControlRecord: false,
    },
  };
}
