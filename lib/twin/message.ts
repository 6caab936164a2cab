import { type Headers, type Incoming, NO_HEADERS, type Outgoing } from '../driver/index.js';
import { type HopPath, isCarried, type OnItsWay, onward, pathOf, pathTo, type Travelled } from './hop-path.js';

/** A message as the bus keeps it: a copy, so that a publisher who reuses his buffer changes nothing. */
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

/** Copies an outgoing message for the bus. */
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
    headers: message.headers === undefined ? NO_HEADERS : Object.freeze({ ...message.headers }),
    replyTo,
    timestamp,
    broker,
    path: broker === undefined ? undefined : onward(pathOf(message.origin), broker, address),
  };
}

/** What one delivery adds to a stored message. */
export interface Arrival {
  /** Whose reader gets it. */
  readonly broker: string;
  readonly position: string;
  readonly deliveries: number;
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** Made when somebody asks: few handlers look at it. */
  readonly raw: () => unknown;
}

/** One delivery of a stored message. The body is each receiver's own copy, made when asked for; headers are frozen. */
export class Arrived implements Incoming, Travelled {
  #body: Uint8Array | null | undefined;
  #raw: unknown;

  constructor(
    private readonly stored: Stored,
    private readonly arrival: Arrival,
  ) {}

  get body(): Uint8Array | null {
    if (this.#body === undefined) this.#body = this.stored.body === null ? null : Buffer.from(this.stored.body);
    return this.#body;
  }

  get key(): string | undefined {
    return this.stored.key;
  }

  get address(): string {
    return this.stored.address;
  }

  get params(): Readonly<Record<string, string>> | undefined {
    return this.arrival.params;
  }

  get replyTo(): string | undefined {
    return this.stored.replyTo;
  }

  get timestamp(): number {
    return this.stored.timestamp;
  }

  get raw(): unknown {
    this.#raw ??= this.arrival.raw();
    return this.#raw;
  }

  get position(): string {
    return this.arrival.position;
  }

  get deliveries(): number {
    return this.arrival.deliveries;
  }

  get carried(): boolean {
    return isCarried(this.stored, this.arrival.broker);
  }

  get path(): HopPath | undefined {
    return pathTo(this.stored, this.arrival.broker);
  }

  headers(): Headers {
    return this.stored.headers;
  }
}
