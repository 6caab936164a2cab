import type { RawHeader } from '../../driver/index.js';
import { Arrived, type Receiver, type Stored } from '../../twin/index.js';
import type { Delivered } from '../driver/consumer/commit-watermark.js';
import { recordHeaders } from '../record-headers.js';

/** One delivery of a record, on one lane. Kafka does not count deliveries. */
export class TwinRecord extends Arrived implements Delivered {
  settled = false;
  place = 0;

  constructor(
    stored: Stored,
    receiver: Receiver,
    readonly partition: number,
    readonly offset: number,
  ) {
    super(stored, receiver);
  }

  get position(): string {
    return positionOf(this.address, this.partition, this.offset, this.timestamp);
  }

  /** The same bytes as in the driver. */
  get size(): number {
    const { size, key } = this.stored;
    return size + (key?.length ?? 0);
  }

  get location(): string {
    return `${this.address}[${this.partition}]@${this.offset}`;
  }

  protected makeRaw(): unknown {
    return rawRecord(this.stored, this.partition, this.offset);
  }
}

/** A message's position in the real driver's form: unique, and the same on every delivery. */
export function positionOf(topic: string, partition: number, offset: number, timestamp: number): string {
  return `kafka:twin:${topic}:${partition}:${offset}:${timestamp}`;
}

/** `message.raw` on a twin: kafkajs's fields of a record, without those of its batch. */
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

/** A new copy on each call. */
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
      value: stored.copy(),
      headers: recordHeaders(undefined, [
        ...texts,
        ...(stored.rawHeaders ?? []),
      ]) as TwinRawRecord['message']['headers'],
      isControlRecord: false,
    },
  };
}
