import type { Headers, Incoming, Outgoing } from '../driver/index.js';

/** A message as the bus keeps it: a copy, so that a publisher who reuses his buffer changes nothing. */
export interface Stored {
  /** The topic or subject it was published to. */
  readonly address: string;
  readonly body: Uint8Array | null;
  readonly key: string | undefined;
  readonly headers: Headers;
  readonly replyTo: string | undefined;
  readonly timestamp: number;
}

const NO_HEADERS: Headers = Object.freeze({});

/** Copies an outgoing message for the bus. */
export function store(address: string, message: Outgoing, timestamp: number, replyTo?: string): Stored {
  return {
    address,
    body: message.body === null ? null : Buffer.from(message.body),
    key: message.key,
    headers: message.headers === undefined ? NO_HEADERS : { ...message.headers },
    replyTo,
    timestamp,
  };
}

/** What one delivery adds to a stored message. */
export interface Arrival {
  readonly position: string;
  readonly deliveries: number;
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** Made when somebody asks: few handlers look at it. */
  readonly raw: () => unknown;
}

/** One delivery of a stored message. Body and headers are each receiver's own copy, made when asked for. */
export class Arrived implements Incoming {
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

  headers(): Headers {
    return { ...this.stored.headers };
  }
}
