import { LazyAbortController } from '../../async/index.js';
import type { DriverContext, Incoming, Lane, Settlement, Sink, SourceSpec } from '../../driver/index.js';
import { Feed, laneEnded, turnsOf } from '../../twin/index.js';
import { type StreamSourceSpec, wildcardsOf } from '../source-spec.js';
import { paramReader } from '../subject.js';
import { StreamArrival } from './arrivals.js';
import type { Handout, PullReader, TwinConsumer } from './twin-consumer.js';

/** One replica's pull on a durable consumer. */
export class StreamLane implements Lane, PullReader {
  readonly name: string;
  readonly redelivery = 'server';
  readonly backpressure = true;
  readonly leaseMs: number;
  readonly wake: () => void;
  private readonly lostController = new LazyAbortController();
  private readonly params: ReturnType<typeof paramReader>;
  private readonly feed: Feed;
  /** Unsettled messages and their sequences. */
  private readonly unsettled = new Map<Incoming, number>();
  /** The newest delivery of each unsettled sequence. */
  private readonly held = new Map<number, Incoming>();
  /** Sequences whose handler finished without settling them. */
  private readonly left = new Set<number>();
  /** How many more messages delivery wants; unlimited if it never says so. */
  private wanted = Infinity;

  constructor(
    readonly source: StreamSourceSpec,
    private readonly consumer: TwinConsumer,
    sink: Sink,
    private readonly io: DriverContext,
  ) {
    this.name = `${source.stream}/${source.consumer}`;
    this.leaseMs = consumer.ackWaitMs;
    this.params = paramReader(wildcardsOf(source));
    this.feed = new Feed(this, sink, turnsOf(io), (max) => this.pull(max));
    this.wake = this.feed.wake;
  }

  get lost(): AbortSignal {
    return this.lostController.signal;
  }

  get free(): boolean {
    return this.feed.free && this.wanted > 0;
  }

  get maxPrefetch(): number {
    return this.consumer.maxPrefetch;
  }

  get maxHeld(): number {
    return this.consumer.maxHeld;
  }

  demand(messages: number): void {
    this.wanted = messages;
    if (messages > 0 && this.consumer.hasSome) this.wake();
    // The messages that it was notified of are now for other readers.
    else if (messages === 0) this.consumer.wake();
  }

  holds(seq: number): boolean {
    return this.held.has(seq);
  }

  worksOn(seq: number): boolean {
    return this.held.has(seq) && !this.left.has(seq);
  }

  open(): void {
    this.consumer.join(this);
  }

  extend(message: Incoming): void {
    const seq = this.unsettled.get(message);
    if (seq === undefined) return;
    this.left.delete(seq);
    this.consumer.working(seq);
  }

  settle(message: Incoming, how: Settlement): void {
    const seq = this.unsettled.get(message);
    if (seq === undefined) return;
    this.unsettled.delete(message);
    this.held.delete(seq);
    this.left.delete(seq);
    if (typeof how === 'object') this.consumer.nak(seq, how.redeliverInMs);
    else this.consumer.done(seq);
  }

  leftUnsettled(message: Incoming): void {
    const seq = this.unsettled.get(message);
    if (seq !== undefined) this.left.add(seq);
  }

  forget(message: Incoming): void {
    const seq = this.unsettled.get(message);
    if (seq === undefined) return;
    this.unsettled.delete(message);
    this.held.delete(seq);
    this.left.delete(seq);
  }

  lag(source: SourceSpec): number | undefined {
    if (source !== this.source) return undefined;
    const { pending, ackPending } = this.consumer.progress();
    return pending + ackPending;
  }

  stopFetching(): void {
    this.feed.stop();
    // Available messages are now for other readers.
    this.consumer.wake();
  }

  close(): void {
    const unsettled = [...this.held.keys()];
    this.end();
    this.consumer.leave(this, unsettled);
  }

  /** Without a nak: unsettled messages are redelivered when their ack_wait passes. */
  abandon(): void {
    this.end();
    this.consumer.leave(this, []);
  }

  private end(): void {
    this.stopFetching();
    this.lostController.abort(laneEnded);
    this.held.clear();
    this.left.clear();
    this.unsettled.clear();
  }

  private pull(max: number): Incoming[] {
    const handouts = this.consumer.pull(this, Math.min(max, this.wanted));
    this.wanted -= handouts.length;
    return handouts.map((one) => this.arrive(one));
  }

  private arrive(handout: Handout): Incoming {
    const { seq, stored } = handout;
    const receiver = { broker: this.io.broker, params: this.params?.(stored.address) };
    const message = new StreamArrival(handout, receiver, this.source.stream);
    const earlier = this.held.get(seq);
    if (earlier !== undefined) this.unsettled.delete(earlier);
    this.unsettled.set(message, seq);
    this.held.set(seq, message);
    this.left.delete(seq);
    return message;
  }
}
