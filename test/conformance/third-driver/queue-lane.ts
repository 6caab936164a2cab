import type { Clock, Incoming, Lane, Settlement, Sink } from 'nestjs-multi-broker/driver';
import type { QueueSpec } from './definition.js';
import type { Delivery, Group, Member, StoredQueue } from './queue-server.js';

interface Held {
  readonly delivery: Delivery;
  endLease: () => void;
}

/** One reader of one group. What it has handed over it holds, each message under a lease, until it is settled. */
export class QueueLane implements Lane, Member {
  readonly again = 'server';
  readonly waits = true;
  readonly name: string;
  readonly leaseMs: number;
  readonly lost: AbortSignal;
  hasRoom = true;
  readonly #group: Group;
  readonly #end = new AbortController();
  readonly #held = new Map<Incoming, Held>();

  constructor(
    readonly source: QueueSpec,
    private readonly queue: StoredQueue,
    private readonly sink: Sink,
    private readonly clock: Clock,
  ) {
    this.name = `${source.address}/${source.group}`;
    this.leaseMs = source.leaseMs;
    this.lost = this.#end.signal;
    this.#group = queue.group(source.group, source.fromEnd);
  }

  open(): void {
    this.sink.opened(this);
    this.#group.join(this);
  }

  take(batch: readonly Delivery[]): void {
    const full = this.sink.take(
      this,
      batch.map((delivery) => this.#hold(delivery)),
    );
    if (full === undefined) return;
    this.hasRoom = false;
    void full.then(() => {
      this.hasRoom = true;
      this.#group.wake();
    });
  }

  extend(message: Incoming): void {
    const held = this.#held.get(message);
    if (held === undefined) return;
    held.endLease();
    held.endLease = this.#lease(message);
  }

  settle(message: Incoming, how: Settlement): void {
    const delivery = this.#release(message);
    if (delivery === undefined || typeof how === 'string') return;
    this.clock.after(how.againInMs, () => this.#group.put(delivery), `a message of ${this.name} comes again`);
  }

  quiet(): void {
    this.#group.leave(this);
  }

  close(): void {
    this.quiet();
    this.#end.abort();
    for (const message of [...this.#held.keys()]) this.#giveBack(message);
  }

  #hold(delivery: Delivery): Incoming {
    delivery.count += 1;
    const message = this.#incoming(delivery);
    this.#held.set(message, { delivery, endLease: this.#lease(message) });
    return message;
  }

  #lease(message: Incoming): () => void {
    return this.clock.after(this.leaseMs, () => this.#giveBack(message), `a lease of ${this.name}`);
  }

  /** Undefined where it is settled already, or went to somebody else. */
  #release(message: Incoming): Delivery | undefined {
    const held = this.#held.get(message);
    this.#held.delete(message);
    held?.endLease();
    return held?.delivery;
  }

  #giveBack(message: Incoming): void {
    const delivery = this.#release(message);
    if (delivery !== undefined) this.#group.put(delivery);
  }

  #incoming({ message, count }: Delivery): Incoming {
    const { address } = this.source;
    return {
      body: message.body,
      key: message.key,
      headers: () => ({ ...message.headers }),
      address,
      timestamp: message.timestamp,
      raw: message,
      // The next process begins again at 1, so a position has the queue's time in it.
      position: `${address}@${String(message.sequence)}/${String(this.queue.madeAt)}`,
      deliveries: count,
    };
  }
}
