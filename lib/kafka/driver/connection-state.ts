import type { DriverContext } from '../../driver/index.js';

/** Reports the state of a broker's connection, which has several parts: the producer, and a consumer for each group. */
export class KafkaConnectionState {
  private readonly down = new Map<string, Error>();
  private closed = false;

  constructor(private readonly io: DriverContext) {}

  lost(part: string, cause: Error): void {
    const wasUp = this.down.size === 0;
    this.down.set(part, cause);
    if (wasUp && !this.closed) this.io.state('reconnecting', cause);
  }

  restored(part: string): void {
    if (this.down.delete(part) && this.down.size === 0 && !this.closed) this.io.state('up');
  }

  /** Reports nothing more. */
  close(): void {
    this.closed = true;
  }
}
