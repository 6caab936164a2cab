import { afterTurn, type Clock, sleep } from '../async/index.js';
import type { DestinationSpec, Outcome, Outgoing } from '../driver/index.js';
import type { PendingPublish } from './delivery-host.js';
import { publishRetryDelayMs } from './retry.js';

/** Callbacks of a queue to its outbox. */
export interface QueueHost {
  write(batch: readonly Outgoing[]): Promise<readonly Outcome[]>;
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

/**
 * Messages for one destination, in order. Those that failed with a retryable error go back to the head, before later
 * ones, so that a retry keeps the order.
 */
export class DestinationQueue {
  private waiting: PendingPublish[] = [];
  private running = false;
  private failures = 0;
  /** Publishes that are being written, or that failed and wait for their retry. */
  private current: readonly PendingPublish[] = [];
  /** When their first try began. */
  private since = 0;
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

  push(pending: PendingPublish): void {
    this.waiting.push(pending);
    if (this.running) return;
    this.running = true;
    afterTurn(() => void this.run());
  }

  /** Gives up publishes that are not written yet, and ends the wait before a retry. */
  giveUp(outcome: Outcome): void {
    const { waiting } = this;
    this.waiting = [];
    this.host.finished(waiting.length);
    for (const pending of waiting) pending.done(outcome);
    this.pause?.abort();
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.take();
      this.current = batch;
      if (this.failures === 0) this.since = this.clock.now();
      const outcomes = await this.host.write(messagesOf(batch));
      const failed = this.conclude(batch, outcomes);
      if (failed.length > 0 && failed.length < batch.length) this.advanced();
      if (failed.length > 0) await this.putBack(failed);
      else if (this.failures > 0) this.recovered();
    }
    this.current = [];
    this.running = false;
    this.host.emptied();
  }

  private take(): PendingPublish[] {
    if (this.waiting.length > LARGEST_BATCH) return this.waiting.splice(0, LARGEST_BATCH);
    const batch = this.waiting;
    this.waiting = [];
    return batch;
  }

  /** Gives each publish its outcome; returns those to be retried, in order. */
  private conclude(batch: readonly PendingPublish[], outcomes: readonly Outcome[]): Failed[] {
    const failed = failedOf(batch, outcomes);
    this.host.finished(batch.length - failed.length);
    for (let index = 0, next = 0; index < batch.length; index++) {
      const pending = batch[index] as PendingPublish;
      if (failed[next]?.pending === pending) next++;
      else pending.done(outcomes[index] as Outcome);
    }
    return failed;
  }

  /** Puts them back at the head after a wait, or gives them up with the last error where no retry is wanted. */
  private async putBack(failed: readonly Failed[]): Promise<void> {
    this.failures++;
    this.error = (failed[0] as Failed).outcome.error;
    this.current = failed.map(({ pending }) => pending);
    if (!this.host.over()) {
      this.reportBacklog();
      const inMs = publishRetryDelayMs(this.failures);
      this.pause = new AbortController();
      this.nextTry = this.tryAfter(inMs, failed);
      await sleep(this.clock, inMs, this.pause.signal, 'publish-retry');
      this.pause = undefined;
      this.nextTry = undefined;
    }
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

/** Publishes to one destination, the first of which has been retried for a while. */
export interface PublishBacklog {
  readonly to: DestinationSpec;
  /** Of the first try, in milliseconds since the epoch. */
  readonly since: number;
  /** Of the last try; undefined while the first one is still under way. */
  readonly error: Error | undefined;
  readonly waiting: readonly PendingPublish[];
}

/** A retry that takes less is of no interest to an operator. */
export const BACKLOG_AFTER_MS = 3_000;

/** The most entries of a list in health, which is read by people. */
const MOST_DESTINATIONS = 20;
const MOST_LANES = 5;

/** For the health of the broker that is published to, a sentence for each destination. */
export function backlogIssues(backlogs: readonly PublishBacklog[]): string[] {
  return shortened(backlogs.map(backlogIssue), 'destinations');
}

export function backlogIssue(backlog: PublishBacklog): string {
  return `${String(backlog.waiting.length)} message(s) wait to be published to ${backlog.to.name} ${sinceAndWhy(backlog)}`;
}

/** For the health of a source broker: which of its handlers wait for these publishes, to broker `target`. */
export function sourceIssues(source: string, target: string, backlogs: readonly PublishBacklog[]): string[] {
  const sentences = backlogs.flatMap((backlog) => {
    return [...byHandler(source, backlog)].map(([handler, { publishes, lanes }]) => {
      const from = [...lanes].slice(0, MOST_LANES).join(', ') + (lanes.size > MOST_LANES ? ', …' : '');
      const what = `${String(publishes)} message(s) to be published to ${backlog.to.name} on broker '${target}'`;
      return `${handler} (${from}) waits for ${what} ${sinceAndWhy(backlog)}`;
    });
  });
  return shortened(sentences, 'handlers and destinations');
}

interface HandlerWait {
  publishes: number;
  readonly lanes: Set<string>;
}

function byHandler(source: string, { waiting }: PublishBacklog): Map<string, HandlerWait> {
  const waits = new Map<string, HandlerWait>();
  for (const { from } of waiting) {
    if (from?.binding.broker !== source) continue;
    const { handler } = from.binding;
    const wait = waits.get(handler) ?? { publishes: 0, lanes: new Set() };
    waits.set(handler, wait);
    wait.publishes++;
    wait.lanes.add(from.lane.name);
  }
  return waits;
}

function sinceAndWhy({ since, error }: PublishBacklog): string {
  return `since ${new Date(since).toISOString()}: ${error?.message ?? 'no confirmation yet'}`;
}

function shortened(sentences: readonly string[], what: string): string[] {
  if (sentences.length <= MOST_DESTINATIONS) return [...sentences];
  const left = sentences.length - MOST_DESTINATIONS;
  return [...sentences.slice(0, MOST_DESTINATIONS), `… and ${String(left)} more ${what}`];
}
