import { type Clock, type Incoming, type Outgoing, rawHeadersOf } from 'nestjs-multi-broker/driver';

/** A message as the server keeps it; for a group with how often that group was given it. */
export type Stored = Incoming & { readonly sequence: number };

/** Keeps every message, for the groups that come later. It stands for the server: another driver has its client here. */
export class StoredQueue {
  private readonly messages: Stored[] = [];
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly address: string,
    private readonly clock: Clock,
  ) {}

  /** Returns the position. */
  write({ body, key, headers, rawHeaders = [] }: Outgoing): string {
    const [sequence, timestamp] = [this.messages.length + 1, this.clock.now()];
    const texts = Object.freeze({ ...headers });
    const last = Object.fromEntries(rawHeaders.flatMap(([name, value]) => (value ? [[name, value.toString()]] : [])));
    const kept = Object.freeze({ ...texts, ...last });
    const message: Stored = {
      sequence,
      // A copy, for the caller may use its buffer again; `slice()` of a Buffer would be none.
      body: body && Uint8Array.from(body),
      key: key === undefined ? undefined : Buffer.from(key as Uint8Array).toString(),
      rawKey: key === undefined ? undefined : Buffer.from(key as Uint8Array),
      headers: () => kept,
      rawHeaders: () => [...rawHeadersOf({ headers: () => texts }), ...rawHeaders],
      address: this.address,
      timestamp,
      raw: undefined,
      // The next process begins again at 1, so a position has the time in it.
      position: `${this.address}@${sequence}/${timestamp}`,
      deliveryCount: 0,
    };
    this.messages.push(message);
    for (const group of this.groups.values()) group.put(message);
    return message.position;
  }

  group(name: string, fromEnd: boolean): Group {
    const group = this.groups.get(name) ?? new Group(this.clock, fromEnd ? [] : [...this.messages]);
    this.groups.set(name, group);
    return group;
  }
}

type Reader = (batch: readonly Stored[]) => Promise<void>;

/** Shares the messages of a queue among the readers that have room, and keeps them while there is none. */
export class Group {
  private readonly readers = new Set<Reader>();

  constructor(
    private readonly clock: Clock,
    private readonly ready: Stored[],
  ) {}

  /** The reader has room for one batch. Those who wait longest are served first. */
  ask(reader: Reader): void {
    this.readers.add(reader);
    this.wake();
  }

  leave(reader: Reader): void {
    this.readers.delete(reader);
  }

  /** What comes back goes before what was written after it. */
  put(message: Stored): void {
    const before = this.ready.findLastIndex(({ sequence }) => sequence < message.sequence);
    this.ready.splice(before + 1, 0, message);
    this.wake();
  }

  /** In a later turn, by the clock: then a test's harness sees that something is still to come. */
  private wake(): void {
    this.clock.after(0, () => this.handOver(), 'a queue hands over');
  }

  private handOver(): void {
    for (const reader of this.readers) {
      if (this.ready.length === 0) return;
      this.readers.delete(reader);
      void reader(this.ready.splice(0, 20));
    }
  }
}
