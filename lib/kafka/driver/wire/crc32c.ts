/** Tables of CRC-32C (Castagnoli), of which Node's zlib has none: eight, so that eight bytes are taken at once. */
const TABLES = tables();
const SIZE = 256;

function tables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    made[byte] = crc;
  }
  for (let place = 256; place < made.length; place++) {
    const before = made[place - 256] as number;
    made[place] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

const at = (table: number, byte: number): number => TABLES[table * SIZE + (byte & 0xff)] as number;

/** The checksum of the bytes from `start` to `end`, as the record batches of Kafka have it. */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  let crc = -1;
  let place = start;
  for (; place + 8 <= end; place += 8) {
    const low = crc ^ bytes.readInt32LE(place);
    const high = bytes.readInt32LE(place + 4);
    crc =
      at(7, low) ^
      at(6, low >>> 8) ^
      at(5, low >>> 16) ^
      at(4, low >>> 24) ^
      at(3, high) ^
      at(2, high >>> 8) ^
      at(1, high >>> 16) ^
      at(0, high >>> 24);
  }
  for (; place < end; place++) crc = (crc >>> 8) ^ at(0, crc ^ (bytes[place] as number));
  return ~crc >>> 0;
}
