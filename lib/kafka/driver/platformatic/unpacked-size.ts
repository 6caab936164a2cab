/** A varint tells how long a block of snappy becomes. Java's clients frame several blocks, each behind its length. */
export function snappySize(data: Buffer): number {
  if (!data.subarray(0, XERIAL.length).equals(XERIAL)) return varint(data, 0);
  let size = 0;
  for (let at = XERIAL_HEADER; at < data.length; at += 4 + data.readUInt32BE(at)) size += varint(data, at + 4);
  return size;
}

/**
 * How long a frame of lz4 becomes, or more than that as long as it is within the limit: where its blocks cannot grow beyond it,
 * they are not looked into.
 */
export function lz4Size(data: Buffer, limit: number): number {
  const blocks = blocksOf(data);
  const most = sum(blocks.map(({ bytes, isPacked, most }) => (isPacked ? most : bytes.length)));
  if (most <= limit) return most;
  return sum(blocks.map(({ bytes, isPacked }) => (isPacked ? lengthOf(bytes) : bytes.length)));
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Its magic, and two versions. */
const XERIAL_HEADER = 16;

const LZ4_MAGIC = 0x184d2204;
/** Bits of a frame's flags. */
const HAS_BLOCK_SUMS = 1 << 4;
const HAS_SIZE = 1 << 3;
const HAS_SUM = 1 << 2;
const HAS_DICTIONARY = 1;
/** Of a block's size: the block is not packed. */
const PLAIN = 0x8000_0000;
/** Of the lengths of a sequence: more bytes follow, of which the last is not full. */
const MORE = 15;
const FULL = 255;
const SHORTEST_MATCH = 4;

interface Block {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
  /** What it can become by the frame's block size. */
  readonly most: number;
}

function blocksOf(data: Buffer): readonly Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < data.length;) {
    if (data.readUInt32LE(at) !== LZ4_MAGIC) throw new RangeError('no frame of lz4');
    const flags = data.readUInt8(at + 4);
    // 4 is 64 kB, and each one above it four times as much.
    const most = 1 << (8 + 2 * ((data.readUInt8(at + 5) >> 4) & 7));
    at += 7 + (flags & HAS_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0);
    for (;;) {
      const size = data.readUInt32LE(at);
      at += 4;
      if (size === 0) break;
      const length = size & ~PLAIN;
      blocks.push({ bytes: data.subarray(at, at + length), isPacked: size < PLAIN, most });
      at += length + (flags & HAS_BLOCK_SUMS ? 4 : 0);
    }
    if (flags & HAS_SUM) at += 4;
  }
  return blocks;
}

/** Of a packed block, by the lengths of its sequences: literals, and a match with what came before. */
function lengthOf(block: Buffer): number {
  let [length, at] = [0, 0];
  const more = (base: number): number => {
    let all = base;
    if (base === MORE) for (let next = FULL; next === FULL; all += next) next = block.readUInt8(at++);
    return all;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = more(token >> 4);
    at += literals;
    length += literals;
    if (at >= block.length) break;
    at += 2;
    length += more(token & MORE) + SHORTEST_MATCH;
  }
  return length;
}

function varint(data: Buffer, from: number): number {
  let value = 0;
  for (let at = from, factor = 1; ; at++, factor *= 128) {
    const byte = data.readUInt8(at);
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
