import {
  type Incoming,
  type Io,
  type Lane,
  LazyAbortController,
  type Settlement,
  type Sink,
} from '../../driver/index.js';
import { Feed, laneEnded, turnsOf } from '../../twin/index.js';
import { type StreamSourceSpec, wildcardsOf } from '../source-spec.js';
import { paramReader } from '../subject-match.js';
import { StreamArrival } from './stream-arrival.js';
import type { Handout, Reader, TwinConsumer } from './twin-consumer.js';

/** One reader of a durable consumer. */
export class StreamLane implements Lane, Reader {
  readonly name: string;
  readonly again = 'server';
  readonly waits = true;
  readonly leaseMs: number;
  readonly wake: () => void;
  readonly #lost = new LazyAbortController();
  readonly #params: ReturnType<typeof paramReader>;
  readonly #feed: Feed;
  /** What was handed over and is not settled. */
  readonly #unsettled = new Map<Incoming, number>();
  /** The same the other way round: of several deliveries the newest. */
  readonly #held = new Map<number, Incoming>();
  /** Of these, what its handler has left unsettled. */
  readonly #left = new Set<number>();
  /** How many more delivery takes; without a limit where it never asks. */
  #wanted = Infinity;

  constructor(
    readonly source: StreamSourceSpec,
    private readonly consumer: TwinConsumer,
    sink: Sink,
    private readonly io: Io,
  ) {
    this.name = `${source.stream}/${source.consumer}`;
    this.leaseMs = consumer.ackWaitMs;
    this.#params = paramReader(wildcardsOf(source));
    this.#feed = new Feed(this, sink, turnsOf(io), (max) => this.#pull(max));
    this.wake = this.#feed.wake;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get free(): boolean {
    return this.#feed.free && this.#wanted > 0;
  }

  get maxPrefetch(): number {
    return this.consumer.maxPrefetch;
  }

  demand(messages: number): void {
    this.#wanted = messages;
    if (messages > 0 && this.consumer.hasSome) this.wake();
    // What it was told of is for the other readers now.
    else if (messages === 0) this.consumer.wake();
  }

  holds(seq: number): boolean {
    return this.#held.has(seq);
  }

  worksOn(seq: number): boolean {
    return this.#held.has(seq) && !this.#left.has(seq);
  }

  open(): void {
    this.consumer.join(this);
  }

  extend(message: Incoming): void {
    const seq = this.#unsettled.get(message);
    if (seq !== undefined) this.consumer.working(seq);
  }

  settle(message: Incoming, how: Settlement): void {
    const seq = this.#unsettled.get(message);
    if (seq === undefined) return;
    this.#unsettled.delete(message);
    this.#held.delete(seq);
    this.#left.delete(seq);
    if (typeof how === 'object') this.consumer.nak(seq, how.againInMs);
    else this.consumer.done(seq);
  }

  leftUnsettled(message: Incoming): void {
    const seq = this.#unsettled.get(message);
    if (seq !== undefined) this.#left.add(seq);
  }

  forget(message: Incoming): void {
    const seq = this.#unsettled.get(message);
    if (seq === undefined) return;
    this.#unsettled.delete(message);
    this.#held.delete(seq);
    this.#left.delete(seq);
  }

  quiet(): void {
    this.#feed.stop();
    // What is there is for the other readers now.
    this.consumer.wake();
  }

  close(): void {
    const unsettled = [...this.#held.keys()];
    this.#end();
    this.consumer.leave(this, unsettled);
  }

  /** The server is not told: what is unsettled comes again when its lease lapses. */
  abandon(): void {
    this.#end();
    this.consumer.leave(this, []);
  }

  #end(): void {
    this.quiet();
    this.#lost.abort(laneEnded);
    this.#held.clear();
    this.#left.clear();
    this.#unsettled.clear();
  }

  #pull(max: number): Incoming[] {
    const handouts = this.consumer.pull(this, Math.min(max, this.#wanted));
    this.#wanted -= handouts.length;
    return handouts.map((one) => this.#arrive(one));
  }

  #arrive(handout: Handout): Incoming {
    const { seq, stored } = handout;
    const receiver = { broker: this.io.broker, params: this.#params?.(stored.address) };
    const message = new StreamArrival(handout, receiver, this.source.stream);
    const earlier = this.#held.get(seq);
    if (earlier !== undefined) this.#unsettled.delete(earlier);
    this.#unsettled.set(message, seq);
    this.#held.set(seq, message);
    this.#left.delete(seq);
    return message;
  }
}
