import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Kafkajs } from '../../load-client.js';
import { NOT_IMPLEMENTED } from './failures.js';

const unzip = promisify(gunzip);

/** The limit of all brokers of the process, as kafkajs has one table of codecs. */
let limit = 0;
/** kafkajs's tables that have the bounded codec. */
const replaced = new WeakSet<object>();

/** A codec of kafkajs. */
interface Codec {
  compress(encoder: unknown): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/**
 * Replaces kafkajs's gunzip, which has no limit, by a bounded one. A codec that the user registered stays.
 */
export function boundGunzip({ CompressionCodecs, CompressionTypes }: Kafkajs, maxBytes: number): void {
  limit = Math.max(limit, maxBytes);
  if (replaced.has(CompressionCodecs)) return;
  replaced.add(CompressionCodecs);
  const table = CompressionCodecs as Record<number, () => Codec>;
  const original = table[CompressionTypes.GZIP]?.();
  if (original === undefined) return;
  table[CompressionTypes.GZIP] = () => ({ compress: (encoder) => original.compress(encoder), decompress: bounded });
}

async function bounded(buffer: Buffer): Promise<Buffer> {
  try {
    return await unzip(buffer, { maxOutputLength: limit });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const large = code === 'ERR_BUFFER_TOO_LARGE';
    throw undecodable(
      large ? `a gzip batch of more than ${limit} bytes (maxDecompressedBytes)` : `a broken gzip batch: ${message}`,
    );
  }
}

/** Ends the consumer at once. */
const undecodable = (message: string): Error =>
  Object.assign(new Error(message), { name: NOT_IMPLEMENTED, retriable: false });
