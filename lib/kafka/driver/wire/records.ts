import { ByteWriter, isNone, sizeOfVarint } from './byte-writer.js';

/** What a record is made of. */
export interface WireRecord {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, WireHeader | readonly WireHeader[]>>;
  /** Must not be set: all records of a batch have the time at which it is written. */
  readonly timestamp?: unknown;
}

type WireHeader = string | Buffer;

/** Records of one partition that are about to be written, measured: a text is gone through once for its length. */
export interface MeasuredRecords {
  readonly records: readonly WireRecord[];
  /** Of all together; NaN if one of them cannot be written. */
  readonly size: number;
  /** Of each record in turn: of its body, key and value, the number of headers, and the length of each header's value. */
  readonly lengths: readonly number[];
}

const NONE = -1;
/** Attributes and the difference of timestamps, which all are the batch's: a byte each. */
const FIXED = 2;

export function measured(records: readonly WireRecord[]): MeasuredRecords {
  const lengths: number[] = [];
  let size = 0;
  for (const [offset, record] of records.entries()) {
    const body = measure(record, offset, lengths);
    size += sizeOfVarint(body) + body;
  }
  return { records, size, lengths };
}

/** The size of the body of a record: all but its length. */
function measure(record: WireRecord, offset: number, lengths: number[]): number {
  const { key, value, headers, timestamp } = record;
  if (!isNone(timestamp)) return NaN;
  const place = lengths.length;
  const [keyLength, valueLength] = [lengthOf(key), lengthOf(value)];
  lengths.push(0, keyLength, valueLength, 0);
  let size = FIXED + sizeOfVarint(offset) + sizeOfData(keyLength) + sizeOfData(valueLength);
  // Own properties only, and `__proto__` may be one.
  if (headers !== undefined)
    for (const name of Object.keys(headers)) size += measureHeader(name, headers[name], lengths);
  const count = lengths.length - place - 4;
  lengths[place] = size += sizeOfVarint(count);
  lengths[place + 3] = count;
  return size;
}

function measureHeader(
  name: string,
  values: WireHeader | readonly WireHeader[] | undefined,
  lengths: number[],
): number {
  if (isList(values)) return values.reduce((size, value) => size + measureHeader(name, value, lengths), 0);
  // A header without a value is known to the protocol and not to kafkajs.
  const length = isNone(values) ? NaN : lengthOf(values);
  lengths.push(length);
  return nameOf(name).length + sizeOfData(length);
}

export function writeRecords(to: ByteWriter, { records, lengths }: MeasuredRecords): void {
  let next = 0;
  for (const [offset, record] of records.entries()) next = writeRecord(to, record, offset, lengths, next);
}

/** Returns the place of the lengths of the next record. */
function writeRecord(
  to: ByteWriter,
  record: WireRecord,
  offset: number,
  lengths: readonly number[],
  first: number,
): number {
  let next = first;
  const length = (): number => lengths[next++] as number;
  to.varint(length());
  to.int8(0);
  to.varint(0);
  to.varint(offset);
  writeData(to, record.key, length());
  writeData(to, record.value, length());
  to.varint(length());
  const { headers = {} } = record;
  for (const name of Object.keys(headers)) {
    const values = headers[name];
    for (const value of isList(values) ? values : [values]) {
      to.data(nameOf(name), nameOf(name).length);
      writeData(to, value, length());
    }
  }
  return next;
}

function writeData(to: ByteWriter, data: string | Buffer | null | undefined, length: number): void {
  to.varint(length);
  if (!isNone(data)) to.data(data, length);
}

function sizeOfData(length: number): number {
  return sizeOfVarint(length) + Math.max(0, length);
}

/** NaN for what is left to kafkajs: it writes bytes that are no Buffer as a text, and throws for a number. */
function lengthOf(data: unknown): number {
  if (isNone(data)) return NONE;
  if (typeof data === 'string') return Buffer.byteLength(data);
  return Buffer.isBuffer(data) ? data.length : NaN;
}

function isList(values: WireHeader | readonly WireHeader[] | undefined): values is readonly WireHeader[] {
  return Array.isArray(values);
}

/** Header names come again with each message. They may come from data, too, so not all are remembered. */
const names = new Map<string, Buffer>();
const MAX_NAMES = 1_000;

/** The name behind its length. */
function nameOf(name: string): Buffer {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMES) names.clear();
  const length = Buffer.byteLength(name);
  const writer = new ByteWriter(Buffer.alloc(sizeOfVarint(length) + length));
  writer.varint(length);
  writer.data(name, length);
  names.set(name, writer.bytes);
  return writer.bytes;
}
