import type { OffsetsByTopicPartition } from 'kafkajs';

import { type Clock, sleep } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import { within } from '../within.js';
import type { PartitionLane } from './partition-lane.js';

/** Stores offsets with the group. */
export type Commit = (offsets: OffsetsByTopicPartition) => Promise<void>;

/** So many finished messages are committed without waiting for the interval: a crash repeats them. */
const COMMIT_AT = 5_000;
/** How soon a flush tries again, in milliseconds. */
const AGAIN_MS = 50;

/** A rebalance may take as long; what could not be committed for longer is told, in milliseconds. */
const LATE_MS = 60_000;

/** What a committer needs. */
export interface CommitterHost {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly lanes: Iterable<PartitionLane>;
  /** Undefined while there is no way to commit. */
  commit(): Commit | undefined;
  failed(cause: Error): void;
}

/**
 * Commits finished work in the background: at an interval, one request at a time, all partitions together. One commit
 * for each message would cost 90 times as much as one for each fetched batch.
 */
export class Committer {
  private cancel: (() => void) | undefined;
  private running: Promise<boolean> | undefined;
  /** The commit under way was made before something that is due now. */
  private overtaken = false;
  private finished = 0;
  /** When something was to be committed first that is not yet, and why not, where that is known. */
  private dueSince: number | undefined;
  private failure: string | undefined;
  private closed = false;

  constructor(private readonly host: CommitterHost) {}

  /** Something was settled. */
  settled(): void {
    if (this.closed) return;
    if (++this.finished >= COMMIT_AT) this.now();
    else this.cancel ??= this.host.clock.after(this.host.intervalMs, () => { this.now(); }); // prettier-ignore
  }

  /** Commits what is finished now, or as soon as the commit under way is over. Never rejects. */
  now(): void {
    if (this.running === undefined) void this.run();
    else this.overtaken = true;
  }

  /** Resolves when the server knows all that is finished now, or after so many milliseconds. */
  async flush(ms: number): Promise<void> {
    const tooLate = new AbortController();
    await within(this.host.clock, this.untilCommitted(tooLate.signal), ms);
    tooLate.abort();
  }

  /** For how long nothing could be committed, in a sentence, where that is longer than it should be. */
  get ailment(): string | undefined {
    const lateMs = this.host.clock.now() - (this.dueSince ?? Infinity);
    if (lateMs < LATE_MS) return undefined;
    const why = this.failure ?? 'the server has not answered';
    return `finished work is not committed for ${Math.round(lateMs / 1_000)} s: ${why}; a restart would repeat it`;
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }

  /** A rebalance refuses commits for a moment. */
  private async untilCommitted(tooLate: AbortSignal): Promise<void> {
    // The commit under way may have been made before the last settlement.
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
    const commit = this.host.commit();
    const due = [...this.host.lanes].flatMap((lane) => {
      const offset = lane.uncommitted;
      return offset === undefined ? [] : [{ lane, offset }];
    });
    if (due.length === 0) return this.upToDate();
    this.dueSince ??= this.host.clock.now();
    try {
      await commit?.(offsetsOf(due.map(({ lane, offset }) => ({ ...lane.origin, offset }))));
      if (commit === undefined) return false;
      for (const { lane, offset } of due) lane.committed = offset;
      return this.upToDate();
    } catch (thrown) {
      this.failure = asError(thrown).message;
      this.host.failed(asError(thrown));
      // While a group rebalances it takes no commits; the lanes that are kept are committed then.
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

/** An offset of a partition. */
export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** As kafkajs wants them. */
export function offsetsOf(offsets: readonly PartitionOffset[]): OffsetsByTopicPartition {
  const topics = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition, offset } of offsets) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, offset: String(offset) });
    topics.set(topic, partitions);
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
}
