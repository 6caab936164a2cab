import { asError } from '../../../errors/index.js';
import { type Clock, sleep, within } from '../../../async/index.js';
import type { PartitionOffset } from '../client/records.js';
import type { PartitionLane } from './partition-lane.js';

/** Stores offsets with the group. */
export type Commit = (offsets: readonly PartitionOffset[]) => Promise<void>;

/** The number of finished messages that are committed without waiting for the interval: a crash repeats them. */
const COMMIT_AT = 5_000;
/** After how long a flush retries, in milliseconds. */
const AGAIN_MS = 50;

/** How long work may stay uncommitted before health reports it, in milliseconds: a rebalance may take as long. */
const LATE_MS = 60_000;

/** The consumer whose offsets are committed. */
export interface CommitterHost {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly lanes: Iterable<PartitionLane>;
  readonly commit: Commit;
  failed(cause: Error): void;
}

/**
 * Commits finished work in the background: at an interval, one request at a time, for all partitions together. A commit
 * for each message costs 90 times as much as one for each fetched batch.
 */
export class OffsetCommitter {
  private cancel: (() => void) | undefined;
  private running: Promise<boolean> | undefined;
  /** Work has finished since the commit in progress began. */
  private overtaken = false;
  private finished = 0;
  /** Since when work could not be committed, and why, where that is known. */
  private dueSince: number | undefined;
  private failure: string | undefined;
  private closed = false;

  constructor(private readonly host: CommitterHost) {}

  /** A message was settled. */
  readonly settled = (): void => {
    if (this.closed) return;
    if (++this.finished >= COMMIT_AT) this.now();
    else this.cancel ??= this.host.clock.after(this.host.intervalMs, () => this.now());
  };

  /** Commits finished work now, or as soon as the commit in progress is over. Never rejects. */
  now(): void {
    if (this.running === undefined) void this.run();
    else this.overtaken = true;
  }

  /** Resolves when all work that is finished now is committed, or after `ms`. */
  async flush(ms: number): Promise<void> {
    const tooLate = new AbortController();
    await within(this.host.clock, this.untilCommitted(tooLate.signal), ms);
    tooLate.abort();
  }

  /** A sentence for health where nothing could be committed for long. */
  get healthIssue(): string | undefined {
    const lateMs = this.host.clock.now() - (this.dueSince ?? Infinity);
    if (lateMs < LATE_MS) return undefined;
    const why = this.failure ?? 'the server has not answered';
    return `could not commit finished work for ${Math.round(lateMs / 1_000)} s: ${why}; a restart would repeat it`;
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }

  /** Retries, as commits are refused during a rebalance. */
  private async untilCommitted(tooLate: AbortSignal): Promise<void> {
    // The commit in progress may have begun before the last settlement.
    await this.running;
    while (!tooLate.aborted && !(await this.run())) await sleep(this.host.clock, AGAIN_MS, tooLate);
  }

  private run(): Promise<boolean> {
    this.cancel?.();
    this.cancel = undefined;
    this.finished = 0;
    this.running ??= this.commit().finally(() => {
      this.running = undefined;
      if (!this.overtaken || this.closed) return;
      this.overtaken = false;
      void this.run();
    });
    return this.running;
  }

  private async commit(): Promise<boolean> {
    const due = [...this.host.lanes].flatMap((lane) => {
      const offset = lane.uncommitted;
      return offset === undefined ? [] : [{ lane, offset }];
    });
    if (due.length === 0) return this.upToDate();
    this.dueSince ??= this.host.clock.now();
    try {
      await this.host.commit(due.map(({ lane: { origin }, offset }) => offsetOf(origin, offset)));
      for (const { lane, offset } of due) lane.committed = offset;
      return this.upToDate();
    } catch (thrown) {
      this.failure = asError(thrown).message;
      this.host.failed(asError(thrown));
      // A group takes no commits during a rebalance; the lanes that are kept are committed after it.
      this.settled();
      return false;
    }
  }

  private upToDate(): true {
    this.dueSince = undefined;
    this.failure = undefined;
    return true;
  }
}

/** The offset of a partition, to be committed. */
export const offsetOf = ({ topic, partition }: PartitionLane['origin'], offset: number): PartitionOffset => ({
  topic,
  partition,
  offset,
});
