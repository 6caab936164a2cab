import {
  type Headers,
  type Incoming,
  NO_HEADERS,
  type Outgoing,
  type RawHeader,
  rawHeadersOf,
} from '../driver/index.js';
import { type HopPath, isCarried, type OnItsWay, onward, pathOf, pathTo, type Travelled } from './hop-path.js';

/** A message as the bus keeps it; of the body a copy, so that a publisher who reuses his buffer changes nothing. */
export interface Stored extends OnItsWay {
  /** The topic or subject it was published to. */
  readonly address: string;
  readonly body: Uint8Array | null;
  /** Bytes where it is no text. */
  readonly key: string | Uint8Array | undefined;
  readonly headers: Headers;
  /** Those that are no text, or repeated. */
  readonly rawHeaders: readonly RawHeader[] | undefined;
  readonly replyTo: string | undefined;
  readonly timestamp: number;
}

/** What else is known of a publish. */
export interface Sending {
  /** Whose publish it is; the server's own where there is none. */
  readonly broker?: string | undefined;
  readonly replyTo?: string | undefined;
}

/** Makes of an outgoing message what the bus keeps. */
export function store(
  address: string,
  message: Outgoing,
  timestamp: number,
  { broker, replyTo }: Sending = {},
): Stored {
  return {
    address,
    body: message.body === null ? null : Buffer.from(message.body),
    key: typeof message.key === 'object' ? Buffer.from(message.key) : wellFormed(message.key),
    headers: allWellFormed(message.headers ?? NO_HEADERS),
    rawHeaders: message.rawHeaders,
    replyTo,
    timestamp,
    broker,
    path: broker === undefined ? undefined : onward(pathOf(message.origin), broker, address),
  };
}

/** As UTF-8 has it: what is no character becomes a replacement character on its way to any server. */
function wellFormed<T extends string | undefined>(text: T): T {
  return text === undefined || isWellFormed(text) ? text : (Buffer.from(text).toString() as T);
}

/** Most are. */
function allWellFormed(headers: Headers): Headers {
  for (const name in headers) {
    if (isWellFormed(name) && isWellFormed(headers[name] ?? '')) continue;
    return Object.fromEntries(Object.entries(headers).map(([key, value]) => [wellFormed(key), wellFormed(value)]));
  }
  return headers;
}

/** Node has it since version 20; the library that the sources are checked against is older. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Whose reader gets a message. */
export interface Receiver {
  readonly broker: string;
  /** What the source's wildcards or groups stand for. */
  readonly params: Readonly<Record<string, string>> | undefined;
}

/**
 * One delivery of a stored message. The body is each receiver's own copy. It, the position and what is raw are made
 * when asked for: few handlers look at all of them.
 */
export abstract class Arrived implements Incoming, Travelled {
  private ownBody: Uint8Array | null | undefined = undefined;
  private ownRaw: unknown = undefined;

  constructor(
    protected readonly stored: Stored,
    protected readonly receiver: Receiver,
    /** As the server counts. */
    readonly deliveries = 1,
  ) {}

  abstract get position(): string;

  protected abstract makeRaw(): unknown;

  get body(): Uint8Array | null {
    if (this.ownBody === undefined) this.ownBody = this.stored.body === null ? null : Buffer.from(this.stored.body);
    return this.ownBody;
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

  /** Of repeated headers the last; one without a value is none. */
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
