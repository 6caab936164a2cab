import { LazyAbortController } from '../../async/index.js';
import type { DriverContext, Incoming, Lane, Sink } from '../../driver/index.js';
import { Feed, laneEnded, type Receiver, type Stored, turnsOf } from '../../twin/index.js';
import type { CoreSourceSpec } from '../source-spec.js';
import { paramReader } from '../subject.js';
import { CoreArrival } from './arrivals.js';
import type { Subscriber } from './core-subscriptions.js';

/** A core subscription: messages that it does not take are lost, and none is redelivered. */
export class CoreLane implements Lane, Subscriber {
  readonly name: string;
  readonly redelivery = 'none';
  readonly backpressure = false;
  readonly pendingBytesLimit: number;
  readonly pattern: string;
  readonly broker: string;
  readonly group: string | undefined;
  private readonly lostController = new LazyAbortController();
  private readonly params: ReturnType<typeof paramReader>;
  private readonly receiver: Receiver;
  private readonly feed: Feed;
  private arrived: Incoming[] = [];

  constructor(
    readonly source: CoreSourceSpec,
    sink: Sink,
    io: DriverContext,
  ) {
    this.name = source.subject;
    this.pattern = source.subject;
    this.pendingBytesLimit = source.pendingBytesLimit;
    this.broker = io.broker;
    this.group = source.queue === undefined ? undefined : JSON.stringify([io.broker, source.queue]);
    this.params = paramReader(source.path);
    this.receiver = { broker: io.broker, params: undefined };
    this.feed = new Feed(this, sink, turnsOf(io), (max) => this.arrived.splice(0, max));
  }

  get lost(): AbortSignal {
    return this.lostController.signal;
  }

  accept(stored: Stored, id: number): void {
    if (!this.feed.free) return;
    this.arrived.push(new CoreArrival(stored, this.receiverOf(stored), id));
    this.feed.wake();
  }

  private receiverOf({ address }: Stored): Receiver {
    return this.params === undefined ? this.receiver : { broker: this.broker, params: this.params(address) };
  }

  settle(): void {
    // Core NATS has no settlements.
  }

  stopFetching(): void {
    this.feed.stop();
    this.arrived = [];
  }

  close(): void {
    this.stopFetching();
    this.lostController.abort(laneEnded);
  }
}
