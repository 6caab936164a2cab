import {
  type Headers,
  type Incoming,
  JsonMessage,
  PlainMessage,
  NO_HEADERS,
  type Outgoing,
  type RawHeader,
  rawHeadersOf,
} from '../driver/index.js';
import { type HopPath, isCarried, onward, pathOf, pathTo, type Travelled } from './hop-path.js';
import { Stored } from './stored.js';

/** Further properties of a publish. */
export interface Sending {
  /** The broker that publishes; undefined for the server itself. */
  readonly broker?: string | undefined;
  readonly replyTo?: string | undefined;
}

/** Converts an outgoing message to the form that the bus stores. */
export function store(
  address: string,
  message: Outgoing,
  timestamp: number,
  { broker, replyTo }: Sending = {},
): Stored {
  return new Stored(contentOf(message), {
    address,
    key: typeof message.key === 'object' ? Buffer.from(message.key) : wellFormed(message.key),
    headers: headersOf(message),
    rawHeaders: message.rawHeaders,
    replyTo,
    timestamp,
    broker,
    path: broker === undefined ? undefined : onward(pathOf(message.origin), broker, address),
  });
}

/** A copy of the bytes: a publisher that reuses its buffer does not change the message. */
function contentOf(message: Outgoing): Buffer | string | null {
  if (message instanceof JsonMessage) return message.text;
  return message.body === null ? null : Buffer.from(message.body);
}

function headersOf(message: Outgoing): Headers {
  // Its other headers are the library's own.
  if (message instanceof PlainMessage && isWellFormed(message.correlationId)) return message.headers;
  return allWellFormed(message.headers ?? NO_HEADERS);
}

/** As UTF-8 encodes it: lone surrogates become replacement characters on the way to any server. */
function wellFormed<T extends string | undefined>(text: T): T {
  return text === undefined || isWellFormed(text) ? text : (Buffer.from(text).toString() as T);
}

/** Avoids a copy of the headers in the usual case. */
function allWellFormed(headers: Headers): Headers {
  for (const name in headers) {
    if (isWellFormed(name) && isWellFormed(headers[name] ?? '')) continue;
    return Object.fromEntries(Object.entries(headers).map(([key, value]) => [wellFormed(key), wellFormed(value)]));
  }
  return headers;
}

/** Available since Node 20, but not in the `lib` that the sources are compiled against. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** The reader that gets a message. */
export interface Receiver {
  readonly broker: string;
  /** Values of the wildcards or groups of its source. */
  readonly params: Readonly<Record<string, string>> | undefined;
}

/**
 * One delivery of a stored message. Each receiver has its own copy of the body. Body, position and raw message are
 * created on access: few handlers use all of them.
 */
export abstract class Arrived implements Incoming, Travelled {
  private ownBody: Uint8Array | null | undefined = undefined;
  private ownRaw: unknown = undefined;

  constructor(
    protected readonly stored: Stored,
    protected readonly receiver: Receiver,
    /** Counted as on the server. */
    readonly deliveryCount = 1,
  ) {}

  abstract get position(): string;

  protected abstract makeRaw(): unknown;

  get body(): Uint8Array | null {
    if (this.ownBody === undefined) this.ownBody = this.stored.copy();
    return this.ownBody;
  }

  get text(): string | undefined {
    return this.stored.text;
  }

  get key(): string | undefined {
    const { key } = this.stored;
    return typeof key === 'object' ? Buffer.from(key).toString() : key;
  }

  get rawKey(): Buffer | undefined {
    const { key } = this.stored;
    return key === undefined ? undefined : Buffer.from(key as Uint8Array);
  }

  get address(): string {
    return this.stored.address;
  }

  get params(): Readonly<Record<string, string>> | undefined {
    return this.receiver.params;
  }

  get replyTo(): string | undefined {
    return this.stored.replyTo;
  }

  get timestamp(): number {
    return this.stored.timestamp;
  }

  get raw(): unknown {
    return (this.ownRaw ??= this.makeRaw());
  }

  get carried(): boolean {
    return isCarried(this.stored, this.receiver.broker);
  }

  get path(): HopPath | undefined {
    return pathTo(this.stored, this.receiver.broker);
  }

  /** The last value of each header; headers without a value are left out. */
  headers(): Headers {
    const { headers, rawHeaders } = this.stored;
    if (rawHeaders === undefined) return headers;
    const last = new Map(rawHeaders);
    const texts = [...last].flatMap(([name, value]) => (value === null ? [] : [[name, value.toString()] as const]));
    return { ...headers, ...Object.fromEntries(texts) };
  }

  rawHeaders(): readonly RawHeader[] {
    const { headers, rawHeaders = [] } = this.stored;
    const own = rawHeaders.map(([name, value]): RawHeader => [name, value && Buffer.from(value)]);
    return [...rawHeadersOf({ headers: () => headers }), ...own];
  }
}

/** Upper bounds of the bytes that any system adds to a message, and to each of its fields. */
const AROUND = 128;
const FIELD = 16;
/** With the names of the library's headers, their short values and the fields. */
const OWN_HEADERS = 1_024;

/** Upper bound of a JavaScript character in UTF-8, and of a byte in a text encoding. */
const BYTES_PER_CHARACTER = 3;

/**
 * Whether a message is certainly below a size limit in any system's encoding, without counting the bytes of its text,
 * which takes a call into the runtime for each string. If false, the bytes have to be counted.
 */
export function surelyFits(message: Outgoing, limit: number): boolean {
  if (message instanceof PlainMessage && plainSurelyFits(message, limit)) return true;
  const { body, key = '', headers, rawHeaders, dedupeId = '' } = message;
  let characters = key.length + dedupeId.length;
  let fields = 2;
  for (const name in headers) {
    characters += name.length + (headers[name] ?? '').length;
    fields++;
  }
  for (const [name, value] of rawHeaders ?? []) {
    characters += name.length + (value?.length ?? 0);
    fields++;
  }
  return AROUND + (body?.length ?? 0) + BYTES_PER_CHARACTER * characters + FIELD * fields <= limit;
}

/** The same without its bytes and headers, which are made on demand; of their values only one is not short. */
function plainSurelyFits(message: PlainMessage, limit: number): boolean {
  const { correlationId, id, publisher = '', contentType = '' } = message;
  const { length } = message instanceof JsonMessage ? message.text : message.body;
  const characters = length + correlationId.length + id.length + publisher.length + contentType.length;
  return OWN_HEADERS + BYTES_PER_CHARACTER * characters <= limit;
}
