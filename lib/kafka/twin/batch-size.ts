import type { Outgoing } from '../../driver/index.js';

/** What a batch takes beside its records. */
const BATCH_HEADER = 61;

/** Of each record: attributes, time and offset, the last two as the difference to the batch's, which is 0 here. */
const RECORD_HEADER = 3;

/** The bytes of a batch of this one message, as kafkajs writes it: what the server's `message.max.bytes` bounds. */
export function batchSize({ body, key, headers, rawHeaders }: Outgoing): number {
  const keyBytes = key === undefined ? undefined : Buffer.byteLength(key);
  const record = RECORD_HEADER + field(keyBytes) + field(body?.length) + headersSize(headers, rawHeaders);
  return BATCH_HEADER + varint(record) + record;
}

function headersSize(headers: Outgoing['headers'], raw: Outgoing['rawHeaders']): number {
  let size = 0;
  let count = 0;
  for (const name in headers) {
    size += field(Buffer.byteLength(name)) + field(Buffer.byteLength(headers[name] ?? ''));
    count++;
  }
  for (const [name, value] of raw ?? []) {
    if (value === null) continue;
    size += field(Buffer.byteLength(name)) + field(value.length);
    count++;
  }
  return varint(count) + size;
}

/** Bytes after their length; a length of -1, of one byte, where there is nothing. */
const field = (bytes: number | undefined): number => (bytes === undefined ? 1 : varint(bytes) + bytes);

/** A length takes seven bits a byte, of which the first has one for the sign. */
function varint(value: number): number {
  let bytes = 1;
  for (let left = value >>> 6; left > 0; left >>>= 7) bytes++;
  return bytes;
}
