import { type Headers, type Incoming, type RawHeader, rawHeadersOf } from '../../driver/index.js';
import { type HopPath, pathOf, type Travelled } from '../hop-path.js';

/** A second delivery of a message, as a server would send it. */
export class Duplicate implements Incoming, Travelled {
  constructor(
    private readonly first: Incoming,
    /** Counted as on the server. */
    readonly deliveryCount: number,
  ) {}

  get body(): Uint8Array | null {
    const { body } = this.first;
    return body === null ? null : Buffer.from(body);
  }

  get key(): string | undefined {
    return this.first.key;
  }

  get rawKey(): Uint8Array | undefined {
    return this.first.rawKey;
  }

  get emptyMayBeNull(): boolean | undefined {
    return this.first.emptyMayBeNull;
  }

  get address(): string {
    return this.first.address;
  }

  get params(): Readonly<Record<string, string>> | undefined {
    return this.first.params;
  }

  get replyTo(): string | undefined {
    return this.first.replyTo;
  }

  get timestamp(): number {
    return this.first.timestamp;
  }

  get raw(): unknown {
    return this.first.raw;
  }

  get position(): string {
    return this.first.position;
  }

  get location(): string | undefined {
    return this.first.location;
  }

  get bytes(): number | undefined {
    return this.first.bytes;
  }

  get carried(): boolean | undefined {
    return this.first.carried;
  }

  get path(): HopPath | undefined {
    return pathOf(this.first);
  }

  headers(): Headers {
    return this.first.headers();
  }

  rawHeaders(): readonly RawHeader[] {
    return rawHeadersOf(this.first);
  }
}
