import type { Io } from '../../driver/index.js';

/** Tells the state of a broker's connection, which has several parts: the producer, and a consumer for each group. */
export class Link {
  private readonly down = new Map<string, Error>();
  private closed = false;

  constructor(private readonly io: Io) {}

  lost(part: string, cause: Error): void {
    const wasUp = this.down.size === 0;
    this.down.set(part, cause);
    if (wasUp && !this.closed) this.io.state('reconnecting', cause);
  }

  mended(part: string): void {
    if (this.down.delete(part) && this.down.size === 0 && !this.closed) this.io.state('up');
  }

  /** Tells nothing any more. */
  close(): void {
    this.closed = true;
  }
}
