/** Writes the types of Kafka's protocol one after another into a buffer, which has to be large enough. */
export class ByteWriter {
  place = 0;

  constructor(readonly bytes: Buffer) {}

  int8(value: number): void {
    this.bytes[this.place++] = value;
  }

  int16(value: number): void {
    this.place = this.bytes.writeInt16BE(value, this.place);
  }

  int32(value: number): void {
    this.place = this.bytes.writeInt32BE(value, this.place);
  }

  uint32(value: number): void {
    this.place = this.bytes.writeUInt32BE(value, this.place);
  }

  int64(value: bigint): void {
    this.place = this.bytes.writeBigInt64BE(value, this.place);
  }

  /** Zigzag: small numbers of either sign take one byte. */
  varint(value: number): void {
    let rest = zigzag(value);
    while (rest > 127) {
      this.bytes[this.place++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.place++] = rest;
  }

  /** @param length its bytes in UTF-8 */
  data(data: string | Uint8Array, length: number): void {
    if (typeof data === 'string') this.bytes.write(data, this.place, length);
    else this.bytes.set(data, this.place);
    this.place += length;
  }

  /** Behind its length, as a nullable string of the protocol has it. */
  text(text: string | null | undefined): void {
    const length = isNone(text) ? -1 : Buffer.byteLength(text);
    this.int16(length);
    if (!isNone(text)) this.data(text, length);
  }
}

export function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

/** How many bytes a varint takes. */
export function sizeOfVarint(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  for (; rest > 127; rest >>>= 7) size++;
  return size;
}
