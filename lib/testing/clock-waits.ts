import type { Incoming, Outgoing } from '../driver/index.js';
import type { PendingItem } from './pending.js';

/**
 * Work that counts as running but waits for the clock of twins: a handler that awaits the answer to a request, or a
 * write that a fault delays. Anything else that such a handler does is not waited for.
 */
export class ClockWaits {
  /** Number of such waits per message being handled. */
  private readonly calls = new Map<Incoming, number>();
  private readonly pendingWrites = new Set<PendingItem>();

  /** Delayed writes, at most one per destination. */
  get writes(): readonly PendingItem[] {
    return [...this.pendingWrites];
  }

  /** Whether the handler of this message waits for the clock. */
  has(message: Incoming): boolean {
    return this.calls.has(message);
  }

  /** Records that the handler of the request's origin awaits an answer. The returned function ends the wait. */
  request({ origin }: Outgoing): () => void {
    return this.call(origin);
  }

  /** Records a delayed write. The returned function ends the wait. */
  write(item: PendingItem, batch: readonly Outgoing[]): () => void {
    const ends = batch.map(({ origin }) => this.call(origin));
    this.pendingWrites.add(item);
    return () => {
      this.pendingWrites.delete(item);
      for (const end of ends) end();
    };
  }

  private call(origin: Incoming | undefined): () => void {
    if (origin === undefined) return () => undefined;
    this.calls.set(origin, (this.calls.get(origin) ?? 0) + 1);
    return () => {
      const left = (this.calls.get(origin) ?? 1) - 1;
      if (left === 0) this.calls.delete(origin);
      else this.calls.set(origin, left);
    };
  }
}
