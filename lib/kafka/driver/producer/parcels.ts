import type { Message } from 'kafkajs';

import type { Outgoing } from '../../../driver/index.js';
import { type LeftOut, recordHeaders } from '../../record-headers.js';

/** A message on its way, and its place in the batch that was to be published. */
export interface Parcel {
  readonly place: number;
  readonly message: Message;
  /** About what it takes in a request, in bytes. */
  readonly size: number;
}

/** The server's default limit of one batch of records is 1,048,588 bytes (`message.max.bytes`). */
const MAX_BYTES = 900_000;
/** kafkajs copies an array for each message of a partition: the square of this. */
const MAX_COUNT = 1_000;

export function parcel(outgoing: Outgoing, place: number, leftOut: Pick<LeftOut, 'of'>): Parcel {
  const { body, key = null, headers, rawHeaders } = outgoing;
  const message: Message = { key: typeof key === 'string' ? key : bufferOf(key), value: bufferOf(body) };
  if (rawHeaders !== undefined) message.headers = recordHeaders(headers, leftOut.of(rawHeaders) ?? []);
  else if (headers !== undefined) message.headers = { ...headers };
  if (outgoing.partition !== undefined) message.partition = outgoing.partition;
  return { place, message, size: sizeOf(outgoing) };
}

/** Portions that the server takes, one for each partition in a round; rounds go one after another. */
export function rounds(parcels: readonly Parcel[]): Parcel[][][] {
  const found: Parcel[][][] = [];
  for (const portions of byPartition(parcels).map(cut))
    portions.forEach((portion, round) => (found[round] ??= []).push(portion));
  return found;
}

/** In order. */
function byPartition(parcels: readonly Parcel[]): Parcel[][] {
  const partitions = new Map<number, Parcel[]>();
  for (const one of parcels) {
    const partition = one.message.partition ?? 0;
    const some = partitions.get(partition);
    if (some === undefined) partitions.set(partition, [one]);
    else some.push(one);
  }
  return [...partitions.values()];
}

function cut(parcels: readonly Parcel[]): Parcel[][] {
  const portions: Parcel[][] = [];
  let current: Parcel[] = [];
  let bytes = 0;
  for (const one of parcels) {
    if (current.length > 0 && (bytes + one.size > MAX_BYTES || current.length === MAX_COUNT)) {
      portions.push(current);
      current = [];
      bytes = 0;
    }
    current.push(one);
    bytes += one.size;
  }
  portions.push(current);
  return portions;
}

/** A view, not a copy. kafkajs writes anything else than a Buffer as text. */
function bufferOf(body: Uint8Array | null): Buffer | null {
  if (body === null || Buffer.isBuffer(body)) return body;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function sizeOf({ body, key, headers, rawHeaders }: Outgoing): number {
  let size = 32 + (body?.length ?? 0) + (key?.length ?? 0) * 3;
  for (const [name, value] of rawHeaders ?? []) size += name.length + (value?.length ?? 0) + 8;
  if (headers !== undefined) for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 8;
  return size;
}
