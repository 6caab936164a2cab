import type { Incoming, Lane, Sink } from '../driver/index.js';
import { Duplicate } from './duplicate.js';
import { type BeforeSettle, FaultyLane } from './faulty-lane.js';

/** What the sink asks for each message. */
export interface Script extends BeforeSettle {
  /** Whether some message to come is to come twice. */
  readonly duplicates: boolean;
  takesDuplicate(): boolean;
}

/** Between a driver and delivery: it cuts lanes off, and makes messages come twice. */
export class FaultySink implements Sink {
  readonly #lanes = new Map<Lane, FaultyLane>();
  /** They carried nothing yet: delivery learns of a lane by its first message, as most lanes of a test get none. */
  #idle = new WeakSet<Lane>();

  constructor(
    private readonly sink: Sink,
    private readonly script: Script,
  ) {}

  opened(lane: Lane): void {
    this.#idle.add(lane);
    // It hands over what is asked for, and nothing before.
    if (lane.demand !== undefined) this.#open(lane);
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    const faulty = this.#lanes.get(lane) ?? this.#open(lane);
    if (faulty !== undefined) return this.sink.take(faulty, this.script.duplicates ? this.#twice(lane, batch) : batch);
  }

  async drain(lane: Lane): Promise<void> {
    const faulty = this.#lanes.get(lane);
    if (faulty !== undefined) await this.sink.drain?.(faulty);
  }

  /** Whatever the driver has to do for it: nothing is handled or settled any more. */
  loseAll(reason: Error): void {
    this.#idle = new WeakSet();
    for (const lane of [...this.#lanes.keys()]) this.#lose(lane, reason);
  }

  /** Undefined: it is lost. */
  #open(lane: Lane): FaultyLane | undefined {
    if (!this.#idle.delete(lane) || lane.lost.aborted) return undefined;
    const faulty = new FaultyLane(lane, this.script);
    this.#lanes.set(lane, faulty);
    this.sink.opened(faulty);
    lane.lost.addEventListener('abort', () => this.#lose(lane, lane.lost.reason), { once: true });
    return faulty;
  }

  #lose(lane: Lane, reason: unknown): void {
    const faulty = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    faulty?.lose(reason);
  }

  #twice(lane: Lane, batch: readonly Incoming[]): Incoming[] {
    return batch.flatMap((message) => {
      if (!this.script.takesDuplicate()) return [message];
      // Others than JetStream do not count.
      const deliveries = lane.again === 'server' ? message.deliveries + 1 : message.deliveries;
      return [message, new Duplicate(message, deliveries)];
    });
  }
}
