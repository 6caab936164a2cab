import { nextTurn } from '../../../async/index.js';
import { JsonMessage, type Logger, type Outgoing, PlainMessage } from '../../../driver/index.js';
import { asError, phrase, type PublishError } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import { isTooLarge } from './client-failures.js';
import type { NatsClient, RawWire } from './client-port.js';
import type { Connection } from './connection.js';
import { asHeaders, BadHeader, HeaderBlock } from './header-block.js';
import { PlainHead } from './plain-head.js';
import type { PublishErrors } from './publish-errors.js';

const EMPTY = new Uint8Array(0);

/** Encodes messages and hands them to the client; each is checked before any byte of it is written. */
export class WireWriter {
  private readonly block: HeaderBlock;
  private readonly plainHead = new PlainHead();
  private readonly buffer: WireBuffer | undefined;

  constructor(
    private readonly connection: Connection,
    client: Pick<NatsClient, 'wire'>,
    private readonly errors: PublishErrors,
    broker: string,
    log: Logger,
  ) {
    const wire = client.wire(connection.nc);
    this.buffer = wire === undefined ? undefined : new WireBuffer(wire);
    this.block = new HeaderBlock((name) =>
      log.warn(`NATS '${broker}': dropping the header ${JSON.stringify(name)}, on which nats-server would act`),
    );
  }

  /**
   * Returns the error if the message cannot be written, else roughly its size in bytes. {@link send} must follow in the
   * same turn: bytes that are held back until after a reconnect would never arrive.
   */
  write(to: NatsDestinationSpec, message: Outgoing, reply?: string): PublishError | number {
    try {
      const { buffer } = this;
      if (buffer === undefined) return this.byClient(to, message, reply);
      if (message instanceof PlainMessage) {
        const bytes = this.writePlain(buffer, to, message, reply);
        if (bytes > 0) return bytes;
      }
      const headers = this.block.text(message, to.stream);
      const body = message.body ?? EMPTY;
      if (!this.fits(headers, body)) return this.tooLarge(to);
      if (this.connection.nc.isClosed()) return this.errors.notConnected(to);
      return buffer.add(to.subject, reply, headers, body);
    } catch (thrown) {
      return this.failed(to, thrown);
    }
  }

  /** Returns its bytes; 0 where it has to go the general way, which knows what is wrong or takes what is not ASCII. */
  private writePlain(buffer: WireBuffer, to: NatsDestinationSpec, message: PlainMessage, reply?: string): number {
    const { nc } = this.connection;
    const body = message instanceof JsonMessage ? message.text : message.body;
    const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const head = this.plainHead.text(to, reply, message, bodyBytes);
    if (head === undefined || nc.isClosed() || head.length + bodyBytes > (nc.info?.max_payload ?? Infinity)) return 0;
    return buffer.addWhole(head, body, bodyBytes);
  }

  private byClient(to: NatsDestinationSpec, message: Outgoing, reply: string | undefined): number {
    const headers = this.block.text(message, to.stream);
    const body = message.body ?? EMPTY;
    this.connection.nc.publish(to.subject, body, options(headers, reply));
    return headers.length + body.length;
  }

  /** Sends everything written since the last call. */
  send(): void {
    this.buffer?.send();
  }

  /** Bytes of text are counted only near the limit. */
  private fits(headers: string, body: Uint8Array): boolean {
    const { limit } = this;
    if (body.length + headers.length * MOST_BYTES <= limit) return true;
    return body.length + Buffer.byteLength(headers) <= limit;
  }

  private get limit(): number {
    return this.connection.nc.info?.max_payload ?? Infinity;
  }

  private failed(to: NatsDestinationSpec, thrown: unknown): PublishError {
    if (thrown instanceof BadHeader) return this.errors.badHeader(to, thrown.header, thrown.message);
    if (this.connection.nc.isClosed()) return this.errors.notConnected(to);
    const error = asError(thrown);
    return isTooLarge(error) ? this.tooLarge(to) : this.errors.refused(to, error.message);
  }

  private tooLarge(to: NatsDestinationSpec): PublishError {
    return this.errors.tooLarge(to, phrase('natsOverLimit', { limit: this.limit }));
  }
}

/** A new object for each call, for nats.js modifies it. */
function options(headers: string, reply: string | undefined): { headers?: unknown; reply?: string } {
  const given: { headers?: unknown; reply?: string } = {};
  if (headers !== '') given.headers = asHeaders(headers);
  if (reply !== undefined) given.reply = reply;
  return given;
}

const FIRST_SIZE = 16_384;
const [CR, LF] = [13, 10];
/** Of a character in UTF-8. */
const MOST_BYTES = 3;
/** The end of a message; and numbers that count bytes may have more digits than those that count characters. */
const AROUND = 8;

/**
 * The protocol lines of a chunk of messages, encoded into one buffer. nats.js's own `publish` allocates four buffers per
 * message and encodes line and headers separately, which was half the cost of a confirmed publish.
 */
export class WireBuffer {
  private buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  private length = 0;
  private messages = 0;

  constructor(private readonly wire: RawWire) {}

  /** `headers` is the encoded block, '' for none. Nothing is checked here. Returns the bytes added. */
  add(subject: string, reply: string | undefined, headers: string, body: Uint8Array): number {
    const from = this.length;
    const to = reply === undefined ? subject : `${subject} ${reply}`;
    this.addHead(to, headers, body.length);
    this.buffer.set(body, this.length);
    return this.end(from, body.length);
  }

  /** A whole head, and a body of so many bytes, a text as UTF-8. Adds nothing and returns 0 where the head is not ASCII. */
  addWhole(head: string, body: string | Uint8Array, bodyBytes: number): number {
    const from = this.length;
    const most = head.length * MOST_BYTES + bodyBytes + AROUND;
    if (from + most > this.buffer.length) this.grow(most);
    const written = this.buffer.write(head, from);
    if (written !== head.length) return 0;
    this.length += written;
    if (typeof body === 'string') this.buffer.write(body, this.length);
    else this.buffer.set(body, this.length);
    return this.end(from, bodyBytes);
  }

  private end(from: number, bodyBytes: number): number {
    this.length += bodyBytes;
    this.buffer[this.length++] = CR;
    this.buffer[this.length++] = LF;
    this.messages++;
    return this.length - from;
  }

  /** Assumes ASCII, which has as many bytes as characters; if that fails, the header bytes are counted. */
  private addHead(to: string, headers: string, bodyBytes: number): void {
    let head = headOf(to, headers, headers.length, bodyBytes);
    const most = head.length * MOST_BYTES + bodyBytes + AROUND;
    if (this.length + most > this.buffer.length) this.grow(most);
    let written = this.buffer.write(head, this.length);
    if (written !== head.length) {
      head = headOf(to, headers, Buffer.byteLength(headers), bodyBytes);
      written = this.buffer.write(head, this.length);
    }
    this.length += written;
  }

  /** Passes the buffer on; nats.js writes it within this turn. */
  send(): void {
    if (this.length === 0) return;
    this.wire.send(this.buffer.subarray(0, this.length), this.messages);
    // The socket may still read from the buffer: the next chunk gets a new one, of about the same size.
    this.buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_SIZE, this.length));
    this.length = 0;
    this.messages = 0;
  }

  /** Room for a message of so many bytes. */
  private grow(bytes: number): void {
    const needed = this.length + bytes;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

function headOf(to: string, headers: string, headerBytes: number, bodyBytes: number): string {
  const size = headerBytes + bodyBytes;
  return headerBytes === 0 ? `PUB ${to} ${size}\r\n` : `HPUB ${to} ${headerBytes} ${size}\r\n${headers}`;
}

/** After this many messages the event loop gets a turn: a starved loop does not see that its socket was closed. */
const CHUNK_MESSAGES = 1_024;
const CHUNK_BYTES = 1_048_576;
/** At most this many chunks are unconfirmed: the buffers of the client and the socket have no limit of their own. */
const OPEN_CHUNKS = 4;

/** Writes a batch chunk by chunk, for {@link writeInChunks}. */
export interface ChunkWriter<C> {
  /** Starts a chunk; undefined if nothing more may be written. */
  begin(from: number): C | undefined;
  /** Writes message `index` to the chunk; returns the bytes written. */
  write(chunk: C, index: number): number;
  /** Called in the turn in which the chunk was written; resolves when it is confirmed or abandoned, never rejects. */
  end(chunk: C): Promise<void>;
  /** Called when the last of all messages is written, and none of their confirmations is awaited yet. */
  written?: (() => void) | undefined;
}

/**
 * Writes `count` messages chunk by chunk, without waiting for each chunk's confirmation. Resolves with the number of
 * messages handed to the writer, once all of them are confirmed or abandoned.
 */
export async function writeInChunks<C>(count: number, writer: ChunkWriter<C>): Promise<number> {
  const open: Promise<void>[] = [];
  let next = 0;
  while (next < count) {
    if (next > 0) await nextTurn();
    if (open.length >= OPEN_CHUNKS) await open[open.length - OPEN_CHUNKS];
    const chunk = writer.begin(next);
    if (chunk === undefined) break;
    next = fill(chunk, next, count, writer);
    open.push(writer.end(chunk));
  }
  if (next >= count) writer.written?.();
  await Promise.all(open);
  return next;
}

function fill<C>(chunk: C, from: number, count: number, writer: ChunkWriter<C>): number {
  const until = Math.min(count, from + CHUNK_MESSAGES);
  let bytes = 0;
  let next = from;
  while (next < until && bytes < CHUNK_BYTES) bytes += writer.write(chunk, next++);
  return next;
}
