import { type Clock, Waiters } from '../async/index.js';
import {
  type DestinationSpec,
  type Driver,
  type Logger,
  type Outcome,
  type Outgoing,
  type PublishReceipt,
  readableBy,
} from '../driver/index.js';
import { asError, publishErrorOf } from '../errors/index.js';
import type { PendingPublish } from './delivery-host.js';
import { DestinationQueue, type NextTry } from './destination-queue.js';
import { backlogIssue, type PublishBacklog } from './publish-backlog.js';
import { publishes, tracePublish } from './send-trace.js';

/** The broker of an outbox. */
export interface OutboxHost {
  readonly broker: string;
  readonly kind: string;
  /** The application's own object: see `DeliveryHost.application`. */
  readonly application?: object | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** The connected driver, or undefined while there is none. */
  driver(): Driver | undefined;
}

type Queues = Map<string, DestinationQueue>;

/**
 * Pending publishes of one broker. Those of one turn of the event loop leave together, one call of the driver under way
 * for each address, and a second one where the driver keeps their order: one send each costs kafkajs 240 µs, coalesced 20 µs,
 * and several of its requests in flight plus a retry would break the order of a key.
 */
export class Outbox {
  private readonly plain: Queues = new Map();
  /** Apart: a core NATS subject and a JetStream destination may share an address, not a confirmation. */
  private readonly deduping: Queues = new Map();
  private readonly idle = new Waiters();
  private abandoned = false;
  private open = 0;

  constructor(private readonly host: OutboxHost) {}

  /** Messages handed in whose outcome is not known yet. */
  get pending(): number {
    return this.open;
  }

  /** Destinations that are being written to; not those that wait for a retry. */
  get moving(): number {
    let moving = 0;
    for (const queue of this.queues()) if (queue.moves) moving++;
    return moving;
  }

  /** Failed publishes and the time of their retry. */
  nextTries(): readonly NextTry[] {
    return [...this.queues()].flatMap(({ nextTry }) => nextTry ?? []);
  }

  /** Destinations with publishes that have been retried for a while. */
  backlogs(): readonly PublishBacklog[] {
    if (this.open === 0) return [];
    return [...this.queues()].flatMap(({ backlog }) => backlog ?? []);
  }

  /** Queues a message; its outcome comes later, never within this call. */
  readonly send = (to: DestinationSpec, pending: PendingPublish): void => {
    this.open++;
    const queues = to.dedupes ? this.deduping : this.plain;
    // Publishes of one key leave together.
    const queue = queues.get(to.batchKey ?? to.address) ?? this.newQueue(to, queues);
    queue.push(publishes.hasSubscribers ? tracePublish(this.host, to, pending) : pending);
  };

  /** The same as a promise, with one try. */
  publish(to: DestinationSpec, message: Outgoing): Promise<Outcome> {
    return new Promise((resolve) => this.send(to, { message, persistent: false, done: resolve }));
  }

  /** The receipt of one try. Rejects with the error of its outcome. */
  confirmed(to: DestinationSpec, message: Outgoing): Promise<PublishReceipt> {
    return new Promise((resolve, reject) => {
      const done = (outcome: Outcome): void => ('error' in outcome ? reject(outcome.error) : resolve(outcome.receipt));
      this.send(to, { message, persistent: false, done });
    });
  }

  /** Resolves when nothing is pending. */
  settled(): Promise<void> {
    return this.open === 0 ? Promise.resolve() : this.idle.wait();
  }

  /**
   * Gives up waiting publishes with an error, and ends all retries until {@link resume}. Calls under way still end by
   * themselves, and a message that is sent from now on is tried once.
   */
  abandon(): void {
    this.abandoned = true;
    for (const queue of [...this.queues()]) queue.giveUp(this.stopped(queue.to));
  }

  /** Retries from now on: the broker is started again. */
  resume(): void {
    this.abandoned = false;
  }

  private *queues(): Iterable<DestinationQueue> {
    yield* this.plain.values();
    yield* this.deduping.values();
  }

  private newQueue(to: DestinationSpec, queues: Queues): DestinationQueue {
    const key = to.batchKey ?? to.address;
    const queue = new DestinationQueue(to, this.host.clock, {
      write: (batch, written) => this.write(to, batch, written),
      over: () => this.abandoned,
      finished: (count) => {
        this.open -= count;
        if (this.open === 0) this.idle.wake();
      },
      // Subjects may be made from data, without limit: an empty queue is removed.
      emptied: () => queues.delete(key),
      backedUp: (backlog) => this.host.log.warn(`Broker '${this.host.broker}' keeps trying: ${backlogIssue(backlog)}`),
      goesOn: (since) => {
        const stood = `it had stood since ${new Date(since).toISOString()}`;
        this.host.log.info(`Broker '${this.host.broker}': publishing to ${to.name} goes on; ${stood}`);
      },
    });
    queues.set(key, queue);
    return queue;
  }

  private async write(
    to: DestinationSpec,
    batch: readonly Outgoing[],
    written: () => void,
  ): Promise<readonly Outcome[]> {
    const driver = this.host.driver();
    if (driver === undefined) return batch.map(() => this.notConnected(to));
    try {
      const outcomes = await driver.publish(to, readableBy(driver, batch), written);
      return outcomes.length === batch.length ? outcomes : batch.map(() => this.broken(to));
    } catch (thrown) {
      return batch.map(() => this.broken(to, asError(thrown)));
    }
  }

  private notConnected(to: DestinationSpec): Outcome {
    return this.unwritten('MULTI_BROKER_NOT_CONNECTED.unwritten', to);
  }

  private stopped(to: DestinationSpec): Outcome {
    return this.unwritten('MULTI_BROKER_STOPPED.unwritten', to);
  }

  private unwritten(
    id: 'MULTI_BROKER_NOT_CONNECTED.unwritten' | 'MULTI_BROKER_STOPPED.unwritten',
    to: DestinationSpec,
  ): Outcome {
    return { error: publishErrorOf(id, { broker: this.host.broker, destination: to.name }, { written: 'no' }) };
  }

  /** A driver that rejects, or gives fewer outcomes than messages, does not say what it has written. */
  private broken(to: DestinationSpec, cause?: Error): Outcome {
    const params = { broker: this.host.broker, destination: to.name };
    const details = { written: 'maybe', cause, retryable: false } as const;
    return { error: publishErrorOf('MULTI_BROKER_PUBLISH_UNCONFIRMED.driverFailed', params, details) };
  }
}
