import * as zlib from 'node:zlib';
import type { Platformatic } from '../../platformatic/options.js';

type Decompress = (data: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** The limit of all brokers of the process, as the client has one table of codecs. */
let limit = 0;
/** Tables that are bounded already. */
const bounded = new WeakSet<object>();

/** Replaces the client's gunzip and zstd, which have no limit. Of lz4 and snappy it has its own, which take none. */
export function boundDecompression({ compressionsAlgorithms }: Platformatic, maxBytes: number): void {
  limit = Math.max(limit, maxBytes);
  if (bounded.has(compressionsAlgorithms)) return;
  bounded.add(compressionsAlgorithms);
  const table = compressionsAlgorithms as unknown as Record<string, { decompressSync: (data: unknown) => Buffer }>;
  // Node has zstd since 22.15.
  const { zstdDecompressSync } = zlib as unknown as { readonly zstdDecompressSync?: Decompress };
  replace(table['gzip'], 'gzip', zlib.gunzipSync);
  replace(table['zstd'], 'zstd', zstdDecompressSync);
}

function replace(
  codec: { decompressSync: (data: unknown) => Buffer } | undefined,
  name: string,
  unpack: Decompress | undefined,
): void {
  if (codec === undefined || unpack === undefined) return;
  codec.decompressSync = (data) => {
    try {
      return unpack(bytesOf(data), { maxOutputLength: limit });
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException;
      if (code !== 'ERR_BUFFER_TOO_LARGE') throw new Error(`a broken ${name} batch: ${message}`, { cause: thrown });
      throw new Error(`a ${name} batch of more than ${limit} bytes (maxDecompressedBytes)`, { cause: thrown });
    }
  };
}

/** The client passes bytes, or a list of them. */
const bytesOf = (data: unknown): Buffer =>
  Buffer.isBuffer(data) ? data : (data as { readonly buffer: Buffer }).buffer;
