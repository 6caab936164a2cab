import type { Incoming, Outgoing } from '../driver/index.js';
import type { PendingItem } from './pending-item.js';

/**
 * What looks as if it moved and waits for the clock of twins: a handler that awaits an answer, whose time-out is the
 * clock's; a write that a fault delays. What such a handler does beside that is not waited for.
 */
export class ClockWaits {
  /** How many such waits there are of each message's handler. */
  readonly #calls = new Map<Incoming, number>();
  readonly #writes = new Set<PendingItem>();

  /** Writes that wait; of one destination at most one is under way. */
  get writes(): readonly PendingItem[] {
    return [...this.#writes];
  }

  /** Whether the handler of this message waits for the clock. */
  has(message: Incoming): boolean {
    return this.#calls.has(message);
  }

  /** The handler that has sent this request awaits its answer. Call what is returned when that is over. */
  request({ origin }: Outgoing): () => void {
    return this.#call(origin);
  }

  /** A write that goes on at its time. Call what is returned when it does. */
  write(item: PendingItem, batch: readonly Outgoing[]): () => void {
    const ends = batch.map(({ origin }) => this.#call(origin));
    this.#writes.add(item);
    return () => {
      this.#writes.delete(item);
      for (const end of ends) end();
    };
  }

  #call(origin: Incoming | undefined): () => void {
    if (origin === undefined) return () => undefined;
    this.#calls.set(origin, (this.#calls.get(origin) ?? 0) + 1);
    return () => {
      const left = (this.#calls.get(origin) ?? 1) - 1;
      if (left === 0) this.#calls.delete(origin);
      else this.#calls.set(origin, left);
    };
  }
}
