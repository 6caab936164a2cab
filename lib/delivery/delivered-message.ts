import { type BrokerMessage, type Headers, type Incoming, NO_HEADERS } from '../driver/index.js';
import { CORRELATION_ID } from './headers.js';

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

  /** Frozen, and made once: a retry sees what the first call saw. */
  get headers(): Headers {
    return (this.known ??= this.earlier?.headers ?? frozen(this.incoming.headers()));
  }

  get key(): string | undefined {
    return this.incoming.key;
  }

  get raw(): unknown {
    return this.incoming.raw;
  }

  get id(): string {
    return this.incoming.position;
  }

  get correlationId(): string {
    return this.headers[CORRELATION_ID] ?? this.incoming.position;
  }

  get timestamp(): number {
    return this.incoming.timestamp;
  }

  get replyTo(): string | undefined {
    return this.incoming.replyTo;
  }
}

/** To freeze what is frozen costs as much as to build it. */
function frozen(headers: Headers): Headers {
  return headers === NO_HEADERS ? headers : Object.freeze(headers);
}
