import { LazyAbortController } from '../../async/index.js';
import type { Incoming, Lane, Settlement, Sink, SourceSpec } from '../../driver/index.js';
import { Duplicate } from './duplicate.js';

/** The scripted faults, as the sink consults them. */
export interface Script extends BeforeSettle {
  /** Whether a message is still to be delivered twice. */
  readonly duplicates: boolean;
  takesDuplicate(): boolean;
}

/** Stands between a driver and delivery: cuts lanes off, and duplicates messages. */
export class FaultySink implements Sink {
  private readonly lanes = new Map<Lane, FaultyLane>();
  /** Lanes without a message so far. Delivery learns of a lane with its first message, for most lanes of a test get none. */
  private idle = new WeakSet<Lane>();

  constructor(
    private readonly sink: Sink,
    private readonly script: Script,
  ) {}

  opened(lane: Lane): void {
    this.idle.add(lane);
    // Such a lane delivers only what is demanded, so delivery must know it from the start.
    if (lane.demand !== undefined) this.open(lane);
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    const faulty = this.lanes.get(lane) ?? this.open(lane);
    if (faulty !== undefined) return this.sink.take(faulty, this.script.duplicates ? this.twice(lane, batch) : batch);
  }

  async drain(lane: Lane): Promise<void> {
    const faulty = this.lanes.get(lane);
    if (faulty !== undefined) await this.sink.drain?.(faulty);
  }

  /** From now on nothing is handled or settled, whatever the driver still does. */
  loseAll(reason: Error): void {
    this.idle = new WeakSet();
    for (const lane of [...this.lanes.keys()]) this.lose(lane, reason);
  }

  /** Undefined if the lane is lost. */
  private open(lane: Lane): FaultyLane | undefined {
    if (!this.idle.delete(lane) || lane.lost.aborted) return undefined;
    const faulty = new FaultyLane(lane, this.script);
    this.lanes.set(lane, faulty);
    this.sink.opened(faulty);
    lane.lost.addEventListener('abort', () => this.lose(lane, lane.lost.reason), { once: true });
    return faulty;
  }

  private lose(lane: Lane, reason: unknown): void {
    const faulty = this.lanes.get(lane);
    this.lanes.delete(lane);
    faulty?.lose(reason);
  }

  private twice(lane: Lane, batch: readonly Incoming[]): Incoming[] {
    return batch.flatMap((message) => {
      if (!this.script.takesDuplicate()) return [message];
      // Only servers that redeliver count deliveries.
      const deliveries = lane.redelivery === 'server' ? message.deliveryCount + 1 : message.deliveryCount;
      return [message, new Duplicate(message, deliveries)];
    });
  }
}

/** Decides whether a settlement still happens. */
export interface BeforeSettle {
  /** Whether the process survives this point. */
  survives(): boolean;
}

/** Wraps a lane of any kind: it can be cut off at once, and hides duplicates from its driver. */
export class FaultyLane implements Lane {
  readonly extend?: NonNullable<Lane['extend']>;
  readonly leftUnsettled?: NonNullable<Lane['leftUnsettled']>;
  readonly forget?: NonNullable<Lane['forget']>;
  readonly demand?: NonNullable<Lane['demand']>;
  private readonly lostController = new LazyAbortController();

  constructor(
    private readonly inner: Lane,
    private readonly process: BeforeSettle,
  ) {
    if ('extend' in inner) this.extend = this.passedOn((message) => inner.extend?.(message));
    if ('leftUnsettled' in inner) this.leftUnsettled = this.passedOn((message) => inner.leftUnsettled?.(message));
    if ('forget' in inner) this.forget = this.passedOn((message) => inner.forget?.(message));
    if (inner.demand !== undefined) {
      this.demand = (messages) => {
        if (!this.lostController.aborted) inner.demand?.(messages);
      };
    }
  }

  get source(): SourceSpec {
    return this.inner.source;
  }

  get name(): string {
    return this.inner.name;
  }

  get lost(): AbortSignal {
    return this.lostController.signal;
  }

  get redelivery(): Lane['redelivery'] {
    return this.inner.redelivery;
  }

  get backpressure(): boolean {
    return this.inner.backpressure;
  }

  get pendingBytesLimit(): number | undefined {
    return this.inner.pendingBytesLimit;
  }

  get leaseMs(): number | undefined {
    return this.inner.leaseMs;
  }

  get maxPrefetch(): number | undefined {
    return this.inner.maxPrefetch;
  }

  get maxHeld(): number | undefined {
    return this.inner.maxHeld;
  }

  get fullBy(): string | undefined {
    return this.inner.fullBy;
  }

  settle(message: Incoming, how: Settlement): void {
    if (this.lostController.aborted || !this.process.survives()) return;
    // The driver knows only the messages that it delivered itself.
    if (!(message instanceof Duplicate)) this.inner.settle(message, how);
  }

  private passedOn(call: (message: Incoming) => void): (message: Incoming) => void {
    return (message) => {
      if (!this.lostController.aborted && !(message instanceof Duplicate)) call(message);
    };
  }

  lose(reason: unknown): void {
    this.lostController.abort(() => reason);
  }
}
