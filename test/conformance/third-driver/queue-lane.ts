import type { Clock, Incoming, Lane, Settlement, Sink } from 'nestjs-multi-broker/driver';
import type { QueueSpec } from './definition.js';
import type { Group, Stored } from './stored-queue.js';

/** One reader of one group. What it has handed over it holds, each message under a lease, until it is settled. */
export class QueueLane implements Lane {
  readonly redelivery = 'server';
  readonly backpressure = true;
  readonly name: string;
  readonly leaseMs: number;
  private readonly end = new AbortController();
  readonly lost = this.end.signal;
  private readonly held = new Map<Incoming, { readonly stored: Stored; endLease: () => void }>();
  private stopped = false;

  constructor(
    readonly source: QueueSpec,
    private readonly group: Group,
    private readonly sink: Sink,
    private readonly clock: Clock,
  ) {
    this.name = `${source.address}/${source.group}`;
    this.leaseMs = source.leaseMs;
    sink.opened(this);
    group.ask(this.take);
  }

  extend(message: Incoming): void {
    const held = this.held.get(message);
    held?.endLease();
    if (held !== undefined) held.endLease = this.lease(message);
  }

  settle(message: Incoming, how: Settlement): void {
    const held = this.held.get(message);
    this.held.delete(message);
    held?.endLease();
    if (held === undefined || typeof how === 'string') return;
    this.clock.after(how.redeliverInMs, () => this.group.put(held.stored), `a redelivery of ${this.name}`);
  }

  stopFetching(): void {
    this.stopped = true;
    this.group.leave(this.take);
  }

  close(): void {
    this.stopFetching();
    this.end.abort();
    for (const message of this.held.keys()) this.settle(message, { redeliverInMs: 0 });
  }

  private readonly take = async (batch: readonly Stored[]): Promise<void> => {
    await this.sink.take(this, batch.map(this.hold));
    if (!this.stopped) this.group.ask(this.take);
  };

  /** The body is this delivery's own: what a handler writes into it, no other sees. */
  private readonly hold = (kept: Stored): Incoming => {
    const stored = { ...kept, deliveryCount: kept.deliveryCount + 1 };
    const message = { ...stored, body: stored.body && Uint8Array.from(stored.body) };
    this.held.set(message, { stored, endLease: this.lease(message) });
    return message;
  };

  private lease(message: Incoming): () => void {
    const end = (): void => this.settle(message, { redeliverInMs: 0 });
    return this.clock.after(this.leaseMs, end, `a lease of ${this.name}`);
  }
}
