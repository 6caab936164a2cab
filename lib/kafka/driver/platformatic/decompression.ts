import * as zlib from 'node:zlib';
import type { Platformatic } from '../../platformatic/options.js';
import { lz4Size, snappySize } from './unpacked-size.js';

type Decompress = (data: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** The limit of all brokers of the process, as the client has one table of codecs. */
let limit = 0;
/** Tables that are bounded already. */
const bounded = new WeakSet<object>();

interface Codec {
  decompressSync: (data: unknown) => Buffer;
}

/**
 * Replaces the client's decoders, which have no limit. Of lz4 and snappy Node has none: the size is read of the batch before the
 * client unpacks it.
 */
export function boundDecompression({ compressionsAlgorithms }: Platformatic, maxBytes: number): void {
  limit = Math.max(limit, maxBytes);
  if (bounded.has(compressionsAlgorithms)) return;
  bounded.add(compressionsAlgorithms);
  const table = compressionsAlgorithms as unknown as Record<string, Codec>;
  // Node has zstd since 22.15.
  const { zstdDecompressSync } = zlib as unknown as { readonly zstdDecompressSync?: Decompress };
  replace(table['gzip'], 'gzip', zlib.gunzipSync);
  replace(table['zstd'], 'zstd', zstdDecompressSync);
  for (const [name, size] of Object.entries(SIZES)) replace(table[name], name, within(table[name], size));
}

const SIZES: Readonly<Record<string, (data: Buffer, limit: number) => number>> = { lz4: lz4Size, snappy: snappySize };

function within(codec: Codec | undefined, size: (data: Buffer, limit: number) => number): Decompress | undefined {
  const unpack = codec?.decompressSync.bind(codec);
  return (
    unpack &&
    ((data, { maxOutputLength }) => {
      if (size(data, maxOutputLength) <= maxOutputLength) return unpack(data);
      throw Object.assign(new Error('too large'), { code: TOO_LARGE });
    })
  );
}

function replace(codec: Codec | undefined, name: string, unpack: Decompress | undefined): void {
  if (codec === undefined || unpack === undefined) return;
  codec.decompressSync = (data) => {
    try {
      return unpack(bytesOf(data), { maxOutputLength: limit });
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException;
      if (code !== TOO_LARGE) throw new Error(`a broken ${name} batch: ${message}`, { cause: thrown });
      throw new Error(`a ${name} batch of more than ${limit} bytes (maxDecompressedBytes)`, { cause: thrown });
    }
  };
}

/** Node's code of an output that grows beyond its limit. */
const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/** The client passes bytes, or a list of them. */
const bytesOf = (data: unknown): Buffer =>
  Buffer.isBuffer(data) ? data : (data as { readonly buffer: Buffer }).buffer;
