import * as timers from 'node:timers';
import { type Clock, type DestinationSpec, type Outcome, type Outgoing, sleep } from '../driver/index.js';
import { publishAgainInMs } from './backoff.js';
import type { Parcel } from './parcel.js';
import { BACKLOG_AFTER_MS, type PublishBacklog } from './publish-backlog.js';

/** What a queue needs of its outbox. */
export interface QueueHost {
  write(batch: readonly Outgoing[]): Promise<readonly Outcome[]>;
  /** True: no further try. */
  over(): boolean;
  /** One message's outcome is known. */
  finished(): void;
  emptied(): void;
  /** Its tries have failed for a while. Called once, until it goes on. */
  backedUp(backlog: PublishBacklog): void;
  /** Nothing is to be tried again any more of what was, since then. */
  goesOn(since: number): void;
}

/** Messages that wait for their next try. */
export interface NextTry {
  readonly to: DestinationSpec;
  readonly messages: readonly Outgoing[];
  /** Whose results they are; of what was published by hand nobody's. */
  readonly handlers: readonly string[];
  /** In milliseconds since the epoch. */
  readonly dueAt: number;
  /** Why the try before failed. */
  readonly error: Error;
}

/** The most messages of one call of the driver: about 1 MB of common messages, and one loop turn's work. */
const LARGEST_BATCH = 2_048;

// Taken when the module loads: fake timers of a test must not hold up a broker.
const { setImmediate: nextTurn } = timers;

/**
 * Messages for one destination, in order. What failed retriably goes back to the head, before what came later, so
 * that a retry keeps the order.
 */
export class DestinationQueue {
  private waiting: Parcel[] = [];
  private running = false;
  private failures = 0;
  /** What is being written, or was tried and waits for its next try. */
  private current: readonly Parcel[] = [];
  /** When the first try of that began. */
  private since = 0;
  private error: Error | undefined;
  private isBackedUp = false;
  private pause: AbortController | undefined;
  /** While it waits between two tries. */
  nextTry: NextTry | undefined;

  constructor(
    readonly to: DestinationSpec,
    private readonly clock: Clock,
    private readonly host: QueueHost,
  ) {}

  /** Something is being written, or about to be. */
  get moves(): boolean {
    return this.running && this.pause === undefined;
  }

  /** Where the first publish is not confirmed although it has been tried for a while. */
  get backlog(): PublishBacklog | undefined {
    const { to, since, error, current } = this;
    if (current.length === 0 || this.clock.now() - since < BACKLOG_AFTER_MS) return undefined;
    return { to, since, error, waiting: [...current, ...this.waiting] };
  }

  push(parcel: Parcel): void {
    this.waiting.push(parcel);
    if (this.running) return;
    this.running = true;
    nextTurn(() => void this.run());
  }

  /** What was not written yet is not written any more; a wait between two tries ends. */
  giveUp(outcome: Outcome): void {
    const { waiting } = this;
    this.waiting = [];
    for (const parcel of waiting) this.end(parcel, outcome);
    this.pause?.abort();
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.take();
      this.current = batch;
      if (this.failures === 0) this.since = this.clock.now();
      const outcomes = await this.host.write(batch.map((parcel) => parcel.message));
      const failed = this.conclude(batch, outcomes);
      if (failed.length > 0 && failed.length < batch.length) this.advanced();
      if (failed.length > 0) await this.putBack(failed);
      else if (this.failures > 0) this.recovered();
    }
    this.current = [];
    this.running = false;
    this.host.emptied();
  }

  private take(): Parcel[] {
    if (this.waiting.length > LARGEST_BATCH) return this.waiting.splice(0, LARGEST_BATCH);
    const batch = this.waiting;
    this.waiting = [];
    return batch;
  }

  /** Tells each parcel its outcome; those to be tried again are returned in order. */
  private conclude(batch: readonly Parcel[], outcomes: readonly Outcome[]): Failed[] {
    const failed: Failed[] = [];
    batch.forEach((parcel, index) => {
      const outcome = outcomes[index] as Outcome;
      if ('error' in outcome && parcel.persistent && outcome.error.retryable) failed.push({ parcel, outcome });
      else this.end(parcel, outcome);
    });
    return failed;
  }

  /** To the head, after a wait; or given up with the last error, where no further try is wanted. */
  private async putBack(failed: readonly Failed[]): Promise<void> {
    this.failures++;
    this.error = (failed[0] as Failed).outcome.error;
    this.current = failed.map(({ parcel }) => parcel);
    if (!this.host.over()) {
      this.tellBacklog();
      const inMs = publishAgainInMs(this.failures);
      this.pause = new AbortController();
      this.nextTry = this.tryAfter(inMs, failed);
      await sleep(this.clock, inMs, this.pause.signal, 'publish-retry');
      this.pause = undefined;
      this.nextTry = undefined;
    }
    if (this.host.over()) for (const { parcel, outcome } of failed) this.end(parcel, outcome);
    else this.waiting = failed.map(({ parcel }) => parcel).concat(this.waiting);
  }

  private tellBacklog(): void {
    const { backlog } = this;
    if (backlog === undefined || this.isBackedUp) return;
    this.isBackedUp = true;
    this.host.backedUp(backlog);
  }

  /** What gets through in part is not stuck, and waits no longer and longer: there is room, and soon more. */
  private advanced(): void {
    this.failures = 0;
    this.since = this.clock.now();
  }

  private recovered(): void {
    if (this.isBackedUp) this.host.goesOn(this.since);
    this.failures = 0;
    this.error = undefined;
    this.isBackedUp = false;
  }

  private tryAfter(ms: number, failed: readonly Failed[]): NextTry {
    const error = (failed[0] as Failed).outcome.error;
    const messages = failed.map(({ parcel }) => parcel.message);
    const handlers = new Set(failed.flatMap(({ parcel }) => parcel.from?.binding.handler ?? []));
    return { to: this.to, messages, handlers: [...handlers], dueAt: this.clock.now() + ms, error };
  }

  private end(parcel: Parcel, outcome: Outcome): void {
    this.host.finished();
    parcel.done(outcome);
  }
}

interface Failed {
  readonly parcel: Parcel;
  readonly outcome: Extract<Outcome, { error: unknown }>;
}
