import { type Incoming, type Io, type Lane, LazyAbortController, type Sink } from '../../driver/index.js';
import { Feed, laneEnded, type Receiver, type Stored, turnsOf } from '../../twin/index.js';
import type { CoreSourceSpec } from '../source-spec.js';
import { paramReader } from '../subject-match.js';
import { CoreArrival } from './core-arrival.js';
import type { Subscriber } from './interest.js';

/** A core subscription: nobody keeps for it what it does not take, and nothing comes again. */
export class CoreLane implements Lane, Subscriber {
  readonly name: string;
  readonly again = 'never';
  readonly waits = false;
  readonly pendingBytesLimit: number;
  readonly pattern: string;
  readonly broker: string;
  readonly group: string | undefined;
  readonly #lost = new LazyAbortController();
  readonly #params: ReturnType<typeof paramReader>;
  readonly #receiver: Receiver;
  readonly #feed: Feed;
  #arrived: Incoming[] = [];

  constructor(
    readonly source: CoreSourceSpec,
    sink: Sink,
    io: Io,
  ) {
    this.name = source.subject;
    this.pattern = source.subject;
    this.pendingBytesLimit = source.pendingBytesLimit;
    this.broker = io.broker;
    this.group = source.queue === undefined ? undefined : JSON.stringify([io.broker, source.queue]);
    this.#params = paramReader(source.subject);
    this.#receiver = { broker: io.broker, params: undefined };
    this.#feed = new Feed(this, sink, turnsOf(io), (max) => this.#arrived.splice(0, max));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  accept(stored: Stored, id: number): void {
    if (!this.#feed.free) return;
    this.#arrived.push(new CoreArrival(stored, this.#receiverOf(stored), id));
    this.#feed.wake();
  }

  #receiverOf({ address }: Stored): Receiver {
    return this.#params === undefined ? this.#receiver : { broker: this.broker, params: this.#params(address) };
  }

  settle(): void {
    // There is nobody to tell.
  }

  quiet(): void {
    this.#feed.stop();
    this.#arrived = [];
  }

  close(): void {
    this.quiet();
    this.#lost.abort(laneEnded);
  }
}
