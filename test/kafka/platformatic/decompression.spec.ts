import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import * as platformatic from '@platformatic/kafka';

import { boundDecompression } from '../../../lib/kafka/driver/platformatic/decompression.js';
import { lz4Size, snappySize } from '../../../lib/kafka/driver/platformatic/unpacked-size.js';

const LIMIT = 300_000;
const { compressionsAlgorithms } = platformatic;
/** Node 20, on which the client is not run, has no zstd. */
const codecs = (['gzip', 'zstd', 'lz4', 'snappy'] as const).filter(
  (codec) => codec !== 'zstd' || 'zstdCompressSync' in zlib,
);
const pack = (codec: (typeof codecs)[number], data: Buffer): Buffer => compressionsAlgorithms[codec].compressSync(data);

/** As Java's clients frame snappy. */
function framed(...blocks: readonly Buffer[]): Buffer {
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const parts = blocks.map((block) => pack('snappy', block));
  const lengths = parts.map(({ length }) => Buffer.from(Uint32Array.of(length).buffer).reverse());
  return Buffer.concat([head, ...parts.flatMap((part, index) => [lengths[index]!, part])]);
}

const mixed = (bytes: number): Buffer =>
  Buffer.concat([Buffer.alloc(bytes / 2, 'abc'), randomBytes(bytes / 4), Buffer.alloc(bytes / 4)]);

describe('a batch that @platformatic/kafka unpacks', () => {
  boundDecompression(platformatic, LIMIT);

  it.each(codecs)('comes out as it was, within the limit (%s)', (codec) => {
    for (const data of [Buffer.alloc(0), Buffer.from('one'), Buffer.alloc(LIMIT, 'x'), mixed(200_000)])
      expect(compressionsAlgorithms[codec].decompressSync(pack(codec, data)).equals(data)).toBe(true);
  });

  it.each(codecs)('is refused where it grows beyond the limit (%s)', (codec) => {
    const packed = pack(codec, Buffer.alloc(LIMIT + 1, 'x'));
    expect(() => compressionsAlgorithms[codec].decompressSync(packed)).toThrow(
      `a ${codec} batch of more than ${LIMIT} bytes (maxDecompressedBytes)`,
    );
  });

  it('is measured over all blocks of a frame of snappy', () => {
    const blocks = [Buffer.alloc(200_000, 'a'), Buffer.alloc(99_999, 'b'), Buffer.from('c')];
    const { decompressSync } = compressionsAlgorithms.snappy;
    expect(snappySize(framed(...blocks))).toBe(LIMIT);
    expect(decompressSync(framed(...blocks)).equals(Buffer.concat(blocks))).toBe(true);
    expect(() => decompressSync(framed(...blocks, Buffer.from('d')))).toThrow(/more than/);
  });

  it.each([0, 1, 14, 15, 16, 269, 270, 300, 65_536, 65_537, 400_000, 5_000_000])(
    'is measured to the byte where %d bytes are packed by lz4',
    (bytes) => {
      for (const data of [Buffer.alloc(bytes, 'x'), randomBytes(bytes)])
        expect(lz4Size(pack('lz4', data), 0)).toBe(bytes);
    },
  );

  it.each(['lz4', 'snappy'] as const)('is told as broken where it ends too early (%s)', (codec) => {
    const packed = pack(codec, Buffer.alloc(100_000, 'abcd'));
    expect(() => compressionsAlgorithms[codec].decompressSync(packed.subarray(0, 5))).toThrow(
      `a broken ${codec} batch`,
    );
  });
});
