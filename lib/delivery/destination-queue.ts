import { afterTurn, type Clock, sleep } from '../async/index.js';
import type { DestinationSpec, Outcome, Outgoing } from '../driver/index.js';
import type { PendingPublish } from './delivery-host.js';
import { BACKLOG_AFTER_MS, type PublishBacklog } from './publish-backlog.js';
import { publishRetryDelayMs } from './retry.js';

/** Callbacks of a queue to its outbox. */
export interface QueueHost {
  /** Never rejects. `written` as of `Driver.publish`. */
  write(batch: readonly Outgoing[], written: () => void): Promise<readonly Outcome[]>;
  /** True: no further try. */
  over(): boolean;
  /** The outcomes of so many messages are known. */
  finished(count: number): void;
  emptied(): void;
  /** Its tries have failed for a while. Called once until it recovers. */
  backedUp(backlog: PublishBacklog): void;
  /** It has recovered: the publishes that had failed are confirmed or given up. */
  goesOn(since: number): void;
}

/** Messages that wait for their retry. */
export interface NextTry {
  readonly to: DestinationSpec;
  readonly messages: readonly Outgoing[];
  /** Handlers whose results they are; none for publishes by code. */
  readonly handlers: readonly string[];
  /** In milliseconds since the epoch. */
  readonly dueAt: number;
  /** The error of the last try. */
  readonly error: Error;
}

/** The most messages of one call of the driver: about 1 MB of common messages, and one loop turn's work. */
const LARGEST_BATCH = 2_048;
/** Where one batch follows another: as many messages are under way as in the one above, and each is a chunk on NATS. */
const LARGEST_OF_TWO = 1_024;
/** So many batches are under way where the driver says when one is written. Four brought nothing more for JSON to JetStream. */
const MOST_UNDER_WAY = 2;
/**
 * None follows a batch that was written longer ago: one that is not confirmed promptly may be lost on its way, by a server
 * that takes the next one.
 */
const FOLLOWS_WITHIN_MS = 25;

/** A call of the driver that is not over. */
interface Writing {
  readonly batch: readonly PendingPublish[];
  /** When its first try began. */
  readonly since: number;
  /** When all of it was on its way. */
  writtenAt: number | undefined;
  /** Known, and those of the batch before it are not. */
  outcomes: readonly Outcome[] | undefined;
}

/**
 * Messages for one destination, in order. A batch may follow one that is written and not confirmed, so that the server has
 * work while the next results are made. Those that failed with a retryable error go back to the head, before later ones,
 * once no batch is under way any more: a retry keeps the order.
 */
export class DestinationQueue {
  private waiting: PendingPublish[] = [];
  private running = false;
  private planned = false;
  /** Not over, the oldest first. */
  private readonly underWay: Writing[] = [];
  /** To be retried, of batches that are over. */
  private failed: Failed[] = [];
  private failures = 0;
  /** When the first try of the oldest publish that is not over began. */
  private since = 0;
  private largest = LARGEST_BATCH;
  private error: Error | undefined;
  private isBackedUp = false;
  private pause: AbortController | undefined;
  /** While it waits for a retry. */
  nextTry: NextTry | undefined;

  constructor(
    readonly to: DestinationSpec,
    private readonly clock: Clock,
    private readonly host: QueueHost,
  ) {}

  /** Messages are being written, or are about to be. */
  get moves(): boolean {
    return this.running && this.pause === undefined;
  }

  /** Defined while the first publish has been retried for a while. */
  get backlog(): PublishBacklog | undefined {
    const { to, since, error, current } = this;
    if (current.length === 0 || this.clock.now() - since < BACKLOG_AFTER_MS) return undefined;
    return { to, since, error, waiting: [...current, ...this.waiting] };
  }

  /** Publishes that are being written, or that failed and wait for their retry. */
  private get current(): readonly PendingPublish[] {
    return [...this.failed.map(({ pending }) => pending), ...this.underWay.flatMap(({ batch }) => batch)];
  }

  push(pending: PendingPublish): void {
    this.waiting.push(pending);
    if (!this.running || this.mayFollow) this.plan();
  }

  /** Gives up publishes that are not written yet, and ends the wait before a retry. */
  giveUp(outcome: Outcome): void {
    const { waiting } = this;
    this.waiting = [];
    this.host.finished(waiting.length);
    for (const pending of waiting) pending.done(outcome);
    this.pause?.abort();
  }

  /** What one turn of the event loop brings leaves together. */
  private plan(): void {
    this.running = true;
    if (this.planned) return;
    this.planned = true;
    afterTurn(() => {
      this.planned = false;
      this.goOn();
    });
  }

  /** Behind a batch that is written; never while one is retried. */
  private get mayFollow(): boolean {
    const { underWay, failures, failed } = this;
    if (failures > 0 || failed.length > 0 || underWay.length >= MOST_UNDER_WAY) return false;
    const writtenAt = underWay.at(-1)?.writtenAt;
    return writtenAt !== undefined && this.clock.now() - writtenAt < FOLLOWS_WITHIN_MS;
  }

  private goOn(): void {
    const { underWay } = this;
    if (this.pause !== undefined) return;
    const isIdle = underWay.length === 0;
    if (this.waiting.length > 0 && (isIdle || this.mayFollow)) void this.begin();
    else if (isIdle && !this.planned) this.end();
  }

  private end(): void {
    if (!this.running) return;
    this.running = false;
    this.host.emptied();
  }

  private async begin(): Promise<void> {
    const writing: Writing = {
      batch: this.take(),
      since: this.clock.now(),
      writtenAt: undefined,
      outcomes: undefined,
    };
    if (this.underWay.push(writing) === 1 && this.failures === 0) this.since = writing.since;
    writing.outcomes = await this.host.write(messagesOf(writing.batch), () => this.isWritten(writing));
    await this.conclude();
  }

  private isWritten(writing: Writing): void {
    this.largest = LARGEST_OF_TWO;
    writing.writtenAt = this.clock.now();
    if (this.waiting.length > 0 && this.mayFollow) this.plan();
  }

  private take(): PendingPublish[] {
    if (this.waiting.length > this.largest) return this.waiting.splice(0, this.largest);
    const batch = this.waiting;
    this.waiting = [];
    return batch;
  }

  /** Of those that are over and have none before them that is not. */
  private async conclude(): Promise<void> {
    const { underWay } = this;
    for (let first = underWay[0]; first?.outcomes !== undefined; first = underWay[0]) {
      underWay.shift();
      this.tell(first.batch, first.outcomes);
      if (this.failures === 0 && this.failed.length === 0) this.since = underWay[0]?.since ?? 0;
    }
    if (underWay.length === 0 && this.failed.length > 0) await this.putBack();
    this.goOn();
  }

  /** Gives each publish its outcome; keeps those to be retried, in order. */
  private tell(batch: readonly PendingPublish[], outcomes: readonly Outcome[]): void {
    const failed = failedOf(batch, outcomes);
    this.host.finished(batch.length - failed.length);
    for (let index = 0, next = 0; index < batch.length; index++) {
      const pending = batch[index] as PendingPublish;
      if (failed[next]?.pending === pending) next++;
      else pending.done(outcomes[index] as Outcome);
    }
    if (failed.length > 0 && failed.length < batch.length) this.advanced();
    else if (failed.length === 0 && this.failures > 0) this.recovered();
    this.failed = this.failed.length === 0 ? failed : this.failed.concat(failed);
  }

  /** Puts them back at the head after a wait, or gives them up with the last error where no retry is wanted. */
  private async putBack(): Promise<void> {
    const { failed } = this;
    this.failures++;
    this.error = (failed[0] as Failed).outcome.error;
    if (!this.host.over()) {
      this.reportBacklog();
      const inMs = publishRetryDelayMs(this.failures);
      this.pause = new AbortController();
      this.nextTry = this.tryAfter(inMs, failed);
      await sleep(this.clock, inMs, this.pause.signal, 'publish-retry');
      this.pause = undefined;
      this.nextTry = undefined;
    }
    this.failed = [];
    if (this.host.over()) this.giveUpAll(failed);
    else this.waiting = failed.map(({ pending }) => pending).concat(this.waiting);
  }

  private reportBacklog(): void {
    const { backlog } = this;
    if (backlog === undefined || this.isBackedUp) return;
    this.isBackedUp = true;
    this.host.backedUp(backlog);
  }

  /** A queue of which a part gets through is not stuck, and its delay begins at the first step again. */
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
    const messages = failed.map(({ pending }) => pending.message);
    const handlers = new Set(failed.flatMap(({ pending }) => pending.from?.binding.handler ?? []));
    return { to: this.to, messages, handlers: [...handlers], dueAt: this.clock.now() + ms, error };
  }

  private giveUpAll(failed: readonly Failed[]): void {
    this.host.finished(failed.length);
    for (const { pending, outcome } of failed) pending.done(outcome);
  }
}

/** Loops and no callbacks: they run for each message. */
function messagesOf(batch: readonly PendingPublish[]): Outgoing[] {
  const messages = new Array<Outgoing>(batch.length);
  for (let index = 0; index < batch.length; index++) messages[index] = (batch[index] as PendingPublish).message;
  return messages;
}

/** Those to be retried. */
function failedOf(batch: readonly PendingPublish[], outcomes: readonly Outcome[]): Failed[] {
  const failed: Failed[] = [];
  for (let index = 0; index < batch.length; index++) {
    const outcome = outcomes[index] as Outcome;
    if (!('error' in outcome) || !outcome.error.retryable) continue;
    const pending = batch[index] as PendingPublish;
    if (pending.persistent) failed.push({ pending, outcome });
  }
  return failed;
}

interface Failed {
  readonly pending: PendingPublish;
  readonly outcome: Extract<Outcome, { error: unknown }>;
}
