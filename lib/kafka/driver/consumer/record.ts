import { type Headers, type Incoming, NO_HEADERS, type RawHeader } from '../../../driver/index.js';
import type { FetchedRecord, HeaderValue } from '../client/records.js';
import type { Delivered } from './commit-watermark.js';

/** The partition that a message came from. */
export interface Origin {
  /** `kafka:cluster:topic:partition:`, with the cluster's id; without one, the broker's name. */
  readonly place: string;
  readonly topic: string;
  readonly partition: number;
  readonly params: Readonly<Record<string, string>> | undefined;
}

/** A fetched message. Its parts are made on demand: there may be 100,000 messages a second. */
export class KafkaRecord implements Incoming, Delivered {
  settled = false;
  place = 0;
  /** The bytes of value and key, which decide how much memory it takes. */
  readonly size: number;

  constructor(
    private readonly origin: Origin,
    private readonly message: FetchedRecord,
  ) {
    this.size = (message.value?.length ?? 0) + (message.key?.length ?? 0);
  }

  get partition(): number {
    return this.origin.partition;
  }

  get offset(): FetchedRecord['offset'] {
    return this.message.offset;
  }

  get body(): Uint8Array | null {
    return this.message.value;
  }

  get key(): string | undefined {
    return this.message.key?.toString();
  }

  get rawKey(): Buffer | undefined {
    return this.message.key ?? undefined;
  }

  headers(): Headers {
    const { headers } = this.message;
    if (headers === undefined) return NO_HEADERS;
    let found: Record<string, string> | undefined;
    for (const name in headers) {
      const value = headers[name];
      // The last one of a repeated header.
      const one = Array.isArray(value) ? value.at(-1) : value;
      if (one !== undefined && one !== null) (found ??= {})[name] = one.toString();
    }
    return found ?? NO_HEADERS;
  }

  rawHeaders(): readonly RawHeader[] {
    return Object.entries(this.message.headers ?? {}).flatMap(([name, value]) => {
      return [value].flat().map((one): RawHeader => [name, one === undefined ? null : bytesOf(one)]);
    });
  }

  get address(): string {
    return this.origin.topic;
  }

  get params(): Readonly<Record<string, string>> | undefined {
    return this.origin.params;
  }

  get timestamp(): number {
    return Number(this.message.timestamp);
  }

  get raw(): unknown {
    const { origin, message } = this;
    return { topic: origin.topic, partition: origin.partition, message: message.native ?? message };
  }

  /** With the record's time: a topic that is deleted and created again counts from 0. */
  get position(): string {
    return `${this.origin.place}${this.message.offset}:${this.message.timestamp}`;
  }

  get location(): string {
    return `${this.origin.topic}[${this.origin.partition}]@${this.message.offset}`;
  }

  /** Kafka does not count deliveries; delivery counts its own retries. */
  get deliveryCount(): number {
    return 1;
  }
}

function bytesOf(value: HeaderValue): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
