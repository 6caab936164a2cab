import { type Headers, type Incoming, NO_HEADERS, type Outgoing } from '../driver/index.js';
import { type HopPath, isCarried, type OnItsWay, onward, pathOf, pathTo, type Travelled } from './hop-path.js';

/** A message as the bus keeps it; of the body a copy, so that a publisher who reuses his buffer changes nothing. */
export interface Stored extends OnItsWay {
  /** The topic or subject it was published to. */
  readonly address: string;
  readonly body: Uint8Array | null;
  readonly key: string | undefined;
  readonly headers: Headers;
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
    key: message.key,
    headers: message.headers ?? NO_HEADERS,
    replyTo,
    timestamp,
    broker,
    path: broker === undefined ? undefined : onward(pathOf(message.origin), broker, address),
  };
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
    return this.stored.key;
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

  headers(): Headers {
    return this.stored.headers;
  }
}
