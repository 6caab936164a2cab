import type { Incoming } from '../../driver/index.js';
import type { AskedMessage } from '../asked-message.js';
import type { BatchBinding } from '../binding.js';
import type { LaneContext } from '../lane-context.js';

/** Messages are looked at in advance for this many calls: what a batch takes may be anywhere among them. */
const MOST_CALLS = 1_000;

/**
 * This many messages are handled while a batch in front of them waits for others. On Kafka the committed offset stays
 * below it meanwhile, and a crash repeats all that have passed.
 */
export const MOST_PASSED = 500;

/** What may be in order with other messages. */
export type OrderKey = string | undefined;

/** One call to come: of one message, or of a batch that further messages may join. */
export class PlannedCall {
  readonly messages: AskedMessage[] = [];
  /** Of the bodies. */
  bytes = 0;
  /** Nothing joins it any more. */
  isClosed = false;
  /** Messages of other handlers come after one of these. */
  isAwaited = false;
  /** Messages behind its first one that are handled already. */
  passed = 0;

  constructor(
    /** Calls are made in the order of their places, but for those that wait for others. */
    readonly place: number,
    readonly batch: BatchBinding | undefined,
    private readonly mostPassed: number,
  ) {}

  get since(): number {
    return this.messages[0]?.since ?? 0;
  }

  /** Whether it waits for nothing more. */
  isDue(now: number): boolean {
    if (this.batch === undefined || this.isClosed || this.isAwaited || this.passed >= this.mostPassed) return true;
    return now >= this.since + this.batch.maxWaitMs;
  }

  add(asked: AskedMessage): void {
    this.messages.push(asked);
    if (this.batch === undefined) return;
    const { maxSize, maxBytes = Infinity } = this.batch;
    this.bytes += bytesOf(asked.message);
    if (this.messages.length >= maxSize || this.bytes >= maxBytes) this.isClosed = true;
  }

  /** Whether there is room for it. The first message always has. */
  fits({ message }: AskedMessage): boolean {
    const { maxBytes } = this.batch ?? {};
    return !this.isClosed && (maxBytes === undefined || this.bytes + bytesOf(message) <= maxBytes);
  }
}

/**
 * The calls to come of handlers that share a source, some of which take batches. Each handler gets its messages in the
 * order of the lane, and so do messages of one key, whoever takes them; those without a key are in order among
 * themselves. A batch may therefore take a message from behind those of other handlers, but not from behind one of the
 * same key: that one would be handled too late.
 */
export class CallPlan {
  /** Messages in all calls. */
  size = 0;
  private calls: PlannedCall[] = [];
  private places = 0;
  /** The newest batch of each handler. */
  private readonly newest = new Map<LaneContext, PlannedCall>();
  /** The last call with a message of this key. */
  private readonly lastOf = new Map<OrderKey, PlannedCall>();

  /** @param mostPassed how many messages may be handled while a batch in front of them waits for others */
  constructor(
    private readonly keyOf: (message: Incoming) => OrderKey,
    private readonly mostPassed = Infinity,
  ) {}

  get isFull(): boolean {
    return this.calls.length >= MOST_CALLS;
  }

  /** When the first batch has waited long enough, if none is due sooner. */
  get dueAt(): number {
    return Math.min(...this.calls.map(({ since, batch }) => since + (batch?.maxWaitMs ?? 0)));
  }

  /** A message that is in no order with others: nobody takes it, or it is a request, which has a requester of its own. */
  addApart(asked: AskedMessage): void {
    this.append(undefined).add(asked);
    this.size++;
  }

  /** The next message in the order of the lane. */
  add(asked: AskedMessage): void {
    const key = this.keyOf(asked.message);
    const before = this.lastOf.get(key);
    const call = this.callFor(asked, before);
    if (before !== undefined && before !== call) before.isAwaited = true;
    call.add(asked);
    this.lastOf.set(key, call);
    this.size++;
  }

  /** Whether a call waits for nothing more. @param now `-Infinity`: and need not wait, whatever the time is */
  hasDue(now: number): boolean {
    return this.firstDue(now) >= 0;
  }

  /** Takes out the first call that waits for nothing more. */
  next(now: number): PlannedCall | undefined {
    const index = this.firstDue(now);
    if (index < 0) return undefined;
    const [call] = this.calls.splice(index, 1) as [PlannedCall];
    for (const waiting of this.calls.slice(0, index)) waiting.passed += call.messages.length;
    this.forget(call);
    return call;
  }

  /** Takes out all of them. */
  clear(): Incoming[] {
    return this.take(0);
  }

  /** Takes out those that are not {@link kept}. */
  release(now: number): Incoming[] {
    const index = this.firstDue(now);
    return index < 0 ? [] : this.take(index);
  }

  /** Messages that wait for others to join them. Those behind a call that is due may depend on it. */
  kept(now: number): readonly PlannedCall[] {
    const index = this.firstDue(now);
    return index < 0 ? this.calls : this.calls.slice(0, index);
  }

  /** The first call that waits for nothing more. */
  due(now: number): PlannedCall | undefined {
    return this.calls[this.firstDue(now)];
  }

  [Symbol.iterator](): Iterator<PlannedCall> {
    return this.calls[Symbol.iterator]();
  }

  /** @param before the last call with a message of its key */
  private callFor(asked: AskedMessage, before: PlannedCall | undefined): PlannedCall {
    const { choice } = asked;
    if (choice?.failed !== undefined) this.closeAll();
    const batch = choice?.failed === undefined ? choice?.on.binding.batch : undefined;
    if (choice === undefined || batch === undefined) return this.append(undefined);
    const { on } = choice;
    const open = this.newest.get(on);
    if (open?.fits(asked) === true && (before === undefined || before.place <= open.place)) return open;
    // Its own messages keep their order, too.
    if (open !== undefined) open.isClosed = true;
    const call = this.append(batch);
    this.newest.set(on, call);
    return call;
  }

  /** It is not known yet who takes the next message: none behind it is called before it. */
  private closeAll(): void {
    for (const call of this.newest.values()) call.isClosed = true;
    this.newest.clear();
  }

  private append(batch: BatchBinding | undefined): PlannedCall {
    const call = new PlannedCall(this.places++, batch, this.mostPassed);
    this.calls.push(call);
    return call;
  }

  /** Each handler has at most one batch that waits for others, so that few calls are looked at. */
  private firstDue(now: number): number {
    return this.calls.findIndex((call) => call.isDue(now));
  }

  private take(from: number): Incoming[] {
    const taken = this.calls.splice(from);
    for (const call of taken) this.forget(call);
    return messagesOf(taken);
  }

  private forget(call: PlannedCall): void {
    this.size -= call.messages.length;
    for (const { message, choice } of call.messages) {
      const key = this.keyOf(message);
      if (this.lastOf.get(key) === call) this.lastOf.delete(key);
      if (choice !== undefined && this.newest.get(choice.on) === call) this.newest.delete(choice.on);
    }
  }
}

/** The messages of calls, in their order. */
export function messagesOf(calls: Iterable<PlannedCall>): Incoming[] {
  return [...calls].flatMap(({ messages }) => messages.map(({ message }) => message));
}

function bytesOf({ body }: Incoming): number {
  return body?.byteLength ?? 0;
}
