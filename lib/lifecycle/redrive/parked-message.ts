import { type DeadLetter, type Headers, type Incoming, type PublishedTo, type RawHeader } from '../../driver/index.js';

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
