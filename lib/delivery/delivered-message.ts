import { type BrokerMessage, type Headers, type Incoming, type RawHeader, rawHeadersOf } from '../driver/index.js';
import { correlationIdOf } from './headers.js';

/** A message as one attempt sees it. Headers and ids are made when asked for: most handlers read the payload alone. */
export class DeliveredMessage implements BrokerMessage {
  payload: unknown = undefined;
  private known: Headers | undefined;

  constructor(
    /** @internal */
    readonly incoming: Incoming,
    readonly attempt: number,
    private readonly earlier?: DeliveredMessage,
  ) {}

  /** Frozen when somebody looks, as that costs more than to build them: a retry sees what the first call saw. */
  get headers(): Headers {
    return Object.freeze(this.textHeaders);
  }

  /** @internal The same, made once and not frozen: for who reads them and lets nobody have them. */
  get textHeaders(): Headers {
    return (this.known ??= this.earlier?.textHeaders ?? this.incoming.headers());
  }

  /** Built anew each time: its bytes are whoever's asks for them. */
  get rawHeaders(): readonly RawHeader[] {
    return rawHeadersOf(this.incoming);
  }

  get key(): string | undefined {
    return this.incoming.key;
  }

  get rawKey(): Buffer | undefined {
    const { rawKey, key } = this.incoming;
    if (rawKey === undefined) return key === undefined ? undefined : Buffer.from(key);
    return Buffer.isBuffer(rawKey) ? rawKey : Buffer.from(rawKey);
  }

  get raw(): unknown {
    return this.incoming.raw;
  }

  get id(): string {
    return this.incoming.position;
  }

  get correlationId(): string {
    return correlationIdOf(this.textHeaders) ?? this.incoming.position;
  }

  get timestamp(): number {
    return this.incoming.timestamp;
  }

  get replyTo(): string | undefined {
    return this.incoming.replyTo;
  }

  /** For logs and for who answers HTTP with it: the client's own message would be a circle of sockets. */
  toJSON(): Omit<BrokerMessage, 'raw' | 'rawKey' | 'rawHeaders'> {
    const { payload, headers, key, id, correlationId, timestamp, attempt, replyTo } = this;
    return { payload, headers, key, id, correlationId, timestamp, attempt, replyTo };
  }
}
