import type { DeadLetter, Headers, Incoming, Outgoing, PublishedTo, RawHeader } from '../../driver/index.js';
import { headersThat, keyOf, OutgoingHeaders } from '../../delivery/index.js';

/** The message that a dead letter holds, as its handler got it: at its own place, without the letter's headers. */
export class ParkedMessage implements Incoming {
  readonly address: string;
  readonly position: string;
  readonly params: PublishedTo['params'];
  /** As attempt 1: the attempts before belong to the letter. */
  readonly deliveryCount = 1;

  constructor(
    private readonly letter: DeadLetter,
    private readonly incoming: Incoming,
    origin: PublishedTo | undefined,
  ) {
    this.address = letter.from.source;
    this.position = letter.from.position;
    this.params = origin?.params;
  }

  get body(): Uint8Array | null {
    return this.incoming.body;
  }

  get emptyMayBeNull(): boolean | undefined {
    return this.incoming.emptyMayBeNull;
  }

  get key(): string | undefined {
    return this.incoming.key;
  }

  get rawKey(): Uint8Array | undefined {
    return this.incoming.rawKey;
  }

  headers(): Headers {
    return this.letter.headers;
  }

  rawHeaders(): readonly RawHeader[] {
    return this.letter.rawHeaders;
  }

  /** When it was parked: the letter does not say when it was published. */
  get timestamp(): number {
    return this.incoming.timestamp;
  }

  get raw(): unknown {
    return this.incoming.raw;
  }
}

/**
 * The message as it was published, byte for byte. Its dedupe id is the letter's place: the stream still knows the id of
 * the message that failed, and a redrive that is killed before it settles the letter publishes once.
 */
export function republished(message: ParkedMessage, letter: Incoming, { to }: PublishedTo): Outgoing {
  const { text, raw } = headersThat(message, message.headers(), () => true);
  const headers = new OutgoingHeaders({});
  headers.assign(text);
  headers.addRaw(raw);
  return {
    body: message.body,
    key: keyOf({ incoming: message }),
    headers: headers.text,
    rawHeaders: headers.raw,
    dedupeId: to.dedupes ? `redrive/${letter.position}` : undefined,
  };
}
