import type { NatsConnection } from 'nats';

/** What nats.js 2 has inside: it hands bytes to the socket, in one write for each turn. */
interface Protocol {
  sendCommand(bytes: Uint8Array): void;
  outBytes: number;
  outMsgs: number;
}

const FIRST_SIZE = 16_384;
const [CR, LF] = [13, 10];

/**
 * The protocol lines of a chunk of messages, made in one piece of memory and handed to nats.js as such. Its own
 * `publish` makes four buffers a message, and encodes its line and its headers apart: half of what a confirmed publish
 * cost here.
 */
export class Frame {
  private buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  private length = 0;
  private messages = 0;

  private constructor(private readonly protocol: Protocol) {}

  /** Undefined where the client has no such inside, or the server takes no headers: then `publish` has to do. */
  static on(nc: NatsConnection): Frame | undefined {
    const { protocol } = nc as NatsConnection & { readonly protocol?: Partial<Protocol> };
    const known = typeof protocol?.sendCommand === 'function' && typeof protocol.outBytes === 'number';
    return known && nc.info?.headers === true ? new Frame(protocol as Protocol) : undefined;
  }

  /** `headers` is the whole block as written; '' is none. All is checked before. Returns the bytes added. */
  add(subject: string, reply: string | undefined, headers: string, body: Uint8Array): number {
    const from = this.length;
    this.addHead(reply === undefined ? subject : `${subject} ${reply}`, headers, body.length);
    this.buffer.set(body, this.length);
    this.length += body.length;
    this.buffer[this.length++] = CR;
    this.buffer[this.length++] = LF;
    this.messages++;
    return this.length - from;
  }

  /** Nearly all is ASCII, which is as many bytes as characters: the bytes of headers are counted where it is not. */
  private addHead(to: string, headers: string, bodyBytes: number): void {
    let head = headOf(to, headers, headers.length, bodyBytes);
    // No character takes more than three bytes; the numbers of the second try may be a little longer.
    this.reserve(head.length * 3 + bodyBytes + 8);
    let written = this.buffer.write(head, this.length);
    if (written !== head.length) {
      head = headOf(to, headers, Buffer.byteLength(headers), bodyBytes);
      written = this.buffer.write(head, this.length);
    }
    this.length += written;
  }

  /** Hands over what was added; nats.js writes it in this turn. */
  send(): void {
    if (this.length === 0) return;
    this.protocol.outBytes += this.length;
    this.protocol.outMsgs += this.messages;
    this.protocol.sendCommand(this.buffer.subarray(0, this.length));
    // The socket may still read from it: the next frame has memory of its own, of about the size of this one.
    this.buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_SIZE, this.length));
    this.length = 0;
    this.messages = 0;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

function headOf(to: string, headers: string, headerBytes: number, bodyBytes: number): string {
  const size = headerBytes + bodyBytes;
  return headerBytes === 0 ? `PUB ${to} ${size}\r\n` : `HPUB ${to} ${headerBytes} ${size}\r\n${headers}`;
}
