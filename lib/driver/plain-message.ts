import type { CONTENT_TYPE } from '../codec/index.js';
import type { Headers, Incoming, Outgoing } from './message.js';

/** Ties a message to the one that caused it; crosses brokers. */
export const CORRELATION_ID = 'correlation-id';
/** The number of handlers that have passed a message on. */
export const HOPS = 'multi-broker-hops';

/**
 * A result with no headers but those that every result has, as most results are. It holds the parts, and makes headers for
 * those that ask: a driver that writes from the parts spares each message an object, which would live until it is confirmed,
 * and which the garbage collector would copy until then.
 */
export abstract class PlainMessage implements Outgoing {
  private made: Headers | undefined = undefined;

  constructor(
    /** The message whose handler has published it. */
    readonly origin: Incoming,
    /** What follows that message's id in the dedupe id; undefined for a destination without deduplication. */
    readonly publisher: string | undefined,
    readonly hops: string,
    /** The correlation id that came with that message; undefined: its own id is the first of a chain. */
    readonly correlation: string | undefined,
  ) {}

  abstract readonly body: Uint8Array;
  abstract readonly contentType: string | undefined;

  /** The id of the message whose handler has published it: made for those that ask, as two headers begin with it. */
  get id(): string {
    return this.origin.position;
  }

  get correlationId(): string {
    return this.correlation ?? this.id;
  }

  get headers(): Headers {
    return (this.made ??= this.newHeaders());
  }

  /** The caller's own, who may add to them. */
  newHeaders(): Record<string, string> {
    const { contentType } = this;
    const always = { 'correlation-id': this.correlationId, 'multi-broker-hops': this.hops } satisfies Always;
    if (contentType === undefined) return always;
    return { ...always, 'content-type': contentType } satisfies Always & Record<typeof CONTENT_TYPE, string>;
  }

  get dedupeId(): string | undefined {
    return this.publisher === undefined ? undefined : `${this.id}${this.publisher}`;
  }

  /** The same with fields of its own: a spread copies no others. */
  whole(): Outgoing {
    const { body, headers, dedupeId, origin } = this;
    return { body, headers, dedupeId, origin };
  }
}

type Always = Record<typeof CORRELATION_ID | typeof HOPS, string>;

/** Bytes that are written as they are: what a mirror passes on. */
export class BytesMessage extends PlainMessage {
  constructor(
    readonly body: Uint8Array,
    /** That of the message that came, where its bytes are passed on. */
    readonly contentType: string | undefined,
    origin: Incoming,
    publisher: string | undefined,
    hops: string,
    correlation: string | undefined,
  ) {
    super(origin, publisher, hops, correlation);
  }
}
