import type { Clock, Outgoing } from 'nestjs-multi-broker/driver';

/** A message as the server keeps it. */
export type Stored = Outgoing & { readonly sequence: number; readonly timestamp: number };

/** A message on its way to one group. */
export interface Delivery {
  readonly message: Stored;
  count: number;
}

/** A reader of a group. */
export interface Member {
  readonly hasRoom: boolean;
  take(batch: readonly Delivery[]): void;
}

/** All queues. It stands for the server: a driver that dials one has its client in this place. */
export class QueueServer {
  readonly #queues = new Map<string, StoredQueue>();

  constructor(private readonly clock: Clock) {}

  queue(name: string): StoredQueue {
    const queue = this.#queues.get(name) ?? new StoredQueue(this.clock);
    this.#queues.set(name, queue);
    return queue;
  }
}

/** Keeps every message, for the groups that come later. */
export class StoredQueue {
  readonly madeAt: number;
  readonly #messages: Stored[] = [];
  readonly #groups = new Map<string, Group>();

  constructor(private readonly clock: Clock) {
    this.madeAt = clock.now();
  }

  write({ body, key, headers }: Outgoing): Stored {
    const sequence = this.#messages.length + 1;
    // A copy, for the caller may use its buffer again; `slice()` of a Buffer would be none.
    const message = { body: body && Uint8Array.from(body), key, headers, sequence, timestamp: this.clock.now() };
    this.#messages.push(message);
    for (const group of this.#groups.values()) group.put({ message, count: 0 });
    return message;
  }

  group(name: string, fromEnd: boolean): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group = new Group(this.clock);
    this.#groups.set(name, group);
    if (!fromEnd) group.put(...this.#messages.map((message) => ({ message, count: 0 })));
    return group;
  }
}

/** Shares the messages of a queue among its members, and keeps them while there is none. */
export class Group {
  #ready: Delivery[] = [];
  readonly #members = new Set<Member>();
  #woken = false;

  constructor(private readonly clock: Clock) {}

  join(member: Member): void {
    this.#members.add(member);
    this.wake();
  }

  leave(member: Member): void {
    this.#members.delete(member);
  }

  /** What comes back goes before what was written after it. */
  put(...deliveries: readonly Delivery[]): void {
    const last = this.#ready.at(-1);
    this.#ready.push(...deliveries);
    if (last !== undefined && deliveries.some(({ message }) => message.sequence < last.message.sequence)) {
      this.#ready.sort((one, other) => one.message.sequence - other.message.sequence);
    }
    this.wake();
  }

  /** In a later turn, by the clock: then a test's harness sees that something is still to come. */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.clock.after(0, () => this.#handOver(), 'a queue hands over');
  }

  #handOver(): void {
    this.#woken = false;
    while (this.#ready.length > 0) {
      const member = [...this.#members].find(({ hasRoom }) => hasRoom);
      if (member === undefined) return;
      // Who is served goes to the end of the row.
      this.#members.delete(member);
      this.#members.add(member);
      member.take(this.#ready.splice(0, 20));
    }
  }
}
