import type { Clock, DestinationSpec, Driver, Log, Outcome, Outgoing } from '../driver/index.js';
import { asError, type ErrorCode, PublishError } from '../errors/index.js';
import { DestinationQueue, type NextTry } from './destination-queue.js';
import type { Parcel } from './parcel.js';
import { backlogIssue, type PublishBacklog } from './publish-backlog.js';
import { Waiters } from './waiters.js';

/** What a broker's outbox needs to know of it. */
export interface OutboxHost {
  readonly broker: string;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** The connected driver, or undefined while there is none. */
  driver(): Driver | undefined;
}

type Queues = Map<string, DestinationQueue>;

/**
 * Publishes of one broker. Those of one turn of the event loop leave together, one call of the driver under way for
 * each address: one send each costs kafkajs 240 µs, coalesced 20 µs, and several requests in flight plus a retry
 * would break the order of a key.
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

  /** Destinations to which something is being written; not: those that wait for their next try. */
  get moving(): number {
    let moving = 0;
    for (const queue of this.queues()) if (queue.moves) moving++;
    return moving;
  }

  /** What failed and is tried again at its time. */
  nextTries(): readonly NextTry[] {
    return [...this.queues()].flatMap(({ nextTry }) => nextTry ?? []);
  }

  /** Destinations to which something has been tried for a while and is not confirmed. */
  backlogs(): readonly PublishBacklog[] {
    if (this.open === 0) return [];
    return [...this.queues()].flatMap(({ backlog }) => backlog ?? []);
  }

  /** Queues a message; its outcome comes later, never within this call. */
  send(to: DestinationSpec, parcel: Parcel): void {
    this.open++;
    const queues = to.dedupes ? this.deduping : this.plain;
    const queue = queues.get(keyOf(to)) ?? this.newQueue(to, queues);
    queue.push(parcel);
  }

  /** The same as a promise; one try. */
  publish(to: DestinationSpec, message: Outgoing): Promise<Outcome> {
    return new Promise((resolve) => {
      this.send(to, { message, persistent: false, done: resolve });
    });
  }

  /** Resolves when nothing is pending. */
  settled(): Promise<void> {
    return this.open === 0 ? Promise.resolve() : this.idle.wait();
  }

  /**
   * Gives up what waits, its outcome an error, and ends every further try until {@link resume}. Calls under way still
   * end by themselves, and what is sent from now on has one try.
   */
  abandon(): void {
    this.abandoned = true;
    for (const queue of [...this.queues()]) queue.giveUp(this.stopped(queue.to));
  }

  /** Tries again from now on: the broker is started anew. */
  resume(): void {
    this.abandoned = false;
  }

  private *queues(): Iterable<DestinationQueue> {
    yield* this.plain.values();
    yield* this.deduping.values();
  }

  private newQueue(to: DestinationSpec, queues: Queues): DestinationQueue {
    const queue = new DestinationQueue(to, this.host.clock, {
      write: (batch) => this.write(to, batch),
      over: () => this.abandoned,
      finished: () => {
        if (--this.open === 0) this.idle.wake();
      },
      // Subjects may be made from data without end: a queue that is empty is forgotten.
      emptied: () => queues.delete(keyOf(to)),
      backedUp: (backlog) => {
        this.host.log.warn(`Broker '${this.host.broker}' keeps trying: ${backlogIssue(backlog)}`);
      },
      goesOn: (since) => {
        const stood = `it had stood since ${new Date(since).toISOString()}`;
        this.host.log.info(`Broker '${this.host.broker}': publishing to ${to.name} goes on; ${stood}`);
      },
    });
    queues.set(keyOf(to), queue);
    return queue;
  }

  private async write(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const driver = this.host.driver();
    if (driver === undefined) return batch.map(() => this.notConnected(to));
    try {
      const outcomes = await driver.publish(to, batch);
      return outcomes.length === batch.length ? outcomes : batch.map(() => this.broken(to));
    } catch (thrown) {
      return batch.map(() => this.broken(to, asError(thrown)));
    }
  }

  private notConnected(to: DestinationSpec): Outcome {
    return this.unwritten('MULTI_BROKER_NOT_CONNECTED', `is not connected; ${to.name} was not written`);
  }

  private stopped(to: DestinationSpec): Outcome {
    return this.unwritten('MULTI_BROKER_STOPPED', `is being stopped; ${to.name} was not written`);
  }

  private unwritten(code: ErrorCode, what: string): Outcome {
    const { broker } = this.host;
    return { error: new PublishError(code, `Broker '${broker}' ${what}`, { broker, written: 'no' }) };
  }

  /** A driver that rejects, or tells fewer outcomes than there are messages, has told nothing of what it wrote. */
  private broken(to: DestinationSpec, cause?: Error): Outcome {
    const what = `The driver of broker '${this.host.broker}' failed while writing to ${to.name}`;
    const details = { broker: this.host.broker, written: 'maybe', cause, retryable: false } as const;
    return { error: new PublishError('MULTI_BROKER_PUBLISH_UNCONFIRMED', what, details) };
  }
}

/** Publishes of one key leave together. */
function keyOf({ batchKey, address }: DestinationSpec): string {
  return batchKey ?? address;
}
