import type { Consumer } from '@platformatic/kafka';
import type { FetchedRecord, HeaderValue } from '../client/records.js';

export type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
/** What a fetch brought of one partition. */
export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];
type Batch = NonNullable<FetchedPartition['records']>[number];
type Read = Batch['records'][number];

/** The records of one partition, and the last offset that the fetch went over; undefined where it brought nothing. */
export interface RecordsOfPartition {
  readonly records: readonly FetchedRecord[];
  readonly lastOffset: number | undefined;
}

/** Bits of a batch's attributes. */
const LOG_APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/**
 * The records from an offset on, as a batch is sent as a whole. Aborted ones are left out here: the client does not where the
 * marker of the end comes in a later fetch, nor where another partition of the fetch has failed.
 */
export function recordsFrom(fetched: FetchedPartition, from: number): RecordsOfPartition {
  const records: FetchedRecord[] = [];
  let lastOffset: number | undefined;
  const aborted = new AbortedTransactions(fetched.abortedTransactions);
  for (const batch of fetched.records ?? []) {
    const base = Number(batch.firstOffset);
    const last = base + batch.lastOffsetDelta;
    if (last >= from) lastOffset = last;
    if (aborted.skips(batch, base, last)) continue;
    const time = batch.attributes & LOG_APPEND_TIME ? { at: batch.maxTimestamp } : { since: batch.firstTimestamp };
    for (const record of batch.records) {
      const offset = base + record.offsetDelta;
      if (offset >= from) records.push(new PlatformaticRecord(record, offset, time));
    }
  }
  return { records, lastOffset };
}

/** The transactions of a fetch that were aborted, by producer, while its batches are gone through in order. */
class AbortedTransactions {
  private readonly left: { readonly producerId: bigint; readonly firstOffset: bigint }[];
  private readonly open = new Set<bigint>();

  constructor(aborted: FetchedPartition['abortedTransactions']) {
    this.left = [...(aborted ?? [])].sort((one, other) => Number(one.firstOffset - other.firstOffset));
  }

  /** Whether a batch holds no messages: a marker, or what was aborted. */
  skips({ attributes, producerId, records }: Batch, base: number, last: number): boolean {
    for (let next = this.left[0]; next !== undefined && next.firstOffset <= last; next = this.left[0]) {
      this.open.add(next.producerId);
      this.left.shift();
    }
    if (attributes & CONTROL) {
      if (isAbort(records[0])) this.open.delete(producerId);
      return true;
    }
    return (attributes & TRANSACTIONAL) !== 0 && this.open.has(producerId) && base <= last;
  }
}

/** The key of a marker holds its version and its type: 0 aborts. */
const isAbort = (marker: Read | undefined): boolean => marker?.key?.readInt16BE(2) === 0;

/** The message of `raw`, in the form of kafkajs's: offset and timestamp are text. */
export interface MessageOfPlatformatic {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, HeaderValue | HeaderValue[]>>;
  readonly offset: string;
  readonly timestamp: string;
  readonly attributes: number;
  readonly magicByte: 2;
  readonly isControlRecord: false;
}

/** A fetched record. Its parts are made on demand. */
class PlatformaticRecord implements FetchedRecord {
  private made: Record<string, HeaderValue | HeaderValue[]> | undefined;

  constructor(
    private readonly record: Read,
    readonly offset: number,
    private readonly time: { readonly at?: bigint; readonly since?: bigint },
  ) {}

  get key(): Buffer | null {
    return this.record.key;
  }

  get value(): Buffer | null {
    return this.record.value;
  }

  get timestamp(): number {
    const { at, since } = this.time;
    return Number(at ?? (since ?? 0n) + this.record.timestampDelta);
  }

  get headers(): Readonly<Record<string, HeaderValue | HeaderValue[]>> | undefined {
    const { headers } = this.record;
    return headers.length === 0 ? undefined : (this.made ??= headersOf(headers));
  }

  get native(): MessageOfPlatformatic {
    const { key, value, headers = {}, record } = this;
    const [offset, timestamp] = [String(this.offset), String(this.timestamp)];
    const { attributes } = record;
    return { key, value, headers, offset, timestamp, attributes, magicByte: 2, isControlRecord: false };
  }
}

function headersOf(entries: Read['headers']): Record<string, HeaderValue | HeaderValue[]> {
  const found = new Map<string, HeaderValue | HeaderValue[]>();
  for (const [key, value] of entries as Iterable<[Buffer, Buffer | null]>) {
    const name = key.toString();
    const before = found.get(name);
    if (Array.isArray(before)) before.push(value);
    else found.set(name, before === undefined ? value : [before, value]);
  }
  // fromEntries makes an own property even of `__proto__`.
  return Object.fromEntries(found);
}
