import { textOf } from '../codec/index.js';
import type { Headers, RawHeader } from '../driver/index.js';
import type { HopPath, OnItsWay } from './hop-path.js';

/** What a message on a bus has beside its body. */
export interface StoredFields extends OnItsWay {
  /** The topic or subject that it was published to. */
  readonly address: string;
  /** Bytes if it is not text. */
  readonly key: string | Uint8Array | undefined;
  readonly headers: Headers;
  /** Headers that are binary or repeated. */
  readonly rawHeaders: readonly RawHeader[] | undefined;
  readonly replyTo: string | undefined;
  readonly timestamp: number;
}

/**
 * A message as the bus stores it. A body that the library has written as text stays one: a handler parses it, and its
 * bytes are made for those that ask, which spares most messages of a chain a Buffer, a copy and a decoding.
 */
export class Stored implements StoredFields {
  readonly address: string;
  readonly key: string | Uint8Array | undefined;
  readonly headers: Headers;
  readonly rawHeaders: readonly RawHeader[] | undefined;
  readonly replyTo: string | undefined;
  readonly timestamp: number;
  readonly broker: string | undefined;
  readonly path: HopPath | undefined;
  /** Bytes of the body. */
  readonly size: number;

  /** @param content bytes that are nobody else's, or text whose UTF-8 is the body */
  constructor(
    private content: Uint8Array | string | null,
    fields: StoredFields,
  ) {
    this.address = fields.address;
    this.key = fields.key;
    this.headers = fields.headers;
    this.rawHeaders = fields.rawHeaders;
    this.replyTo = fields.replyTo;
    this.timestamp = fields.timestamp;
    this.broker = fields.broker;
    this.path = fields.path;
    this.size = content === null ? 0 : typeof content === 'string' ? Buffer.byteLength(content) : content.length;
  }

  /** Of the bus alone: a receiver gets a {@link copy}. */
  get body(): Uint8Array | null {
    if (typeof this.content === 'string') this.content = Buffer.from(this.content);
    return this.content;
  }

  /** The body as bytes of the caller's own. */
  copy(): Buffer | null {
    const { content } = this;
    if (content === null) return null;
    return typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
  }

  /** It has a body, of 0 bytes. */
  get isEmpty(): boolean {
    return this.content !== null && this.size === 0;
  }

  /** Undefined without a byte. */
  get text(): string | undefined {
    const { content } = this;
    if (content === null || this.size === 0) return undefined;
    return typeof content === 'string' ? content : textOf(content);
  }
}
