import type { Admin, Consumer, OffsetsByTopicPartition } from 'kafkajs';

import { type Io, sleep } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import { offsetsOf } from './committer.js';
import { keyOf } from './lanes.js';
import type { PartitionLane } from './partition-lane.js';
import { beginningsOf, committedOf, type WithAdmin } from './start-positions.js';

/** What fixing needs. */
export interface StartFixerHost {
  readonly io: Io;
  readonly groupId: string;
  readonly consumer: Pick<Consumer, 'seek' | 'commitOffsets'>;
  readonly withAdmin: WithAdmin;
  readonly ended: AbortSignal;
}

/** Wait before another attempt, in milliseconds. */
const AGAIN_MS = 200;

/**
 * Fixes where each new lane begins, and stores it. kafkajs commits nothing at the start: a crash before the first
 * commit would skip what was published since.
 */
export class StartFixer {
  /** Where partitions begin that have nothing committed, other than at their beginning. */
  hints = new Map<string, number>();
  private readonly fixing = new Set<Promise<void>>();
  private stored = 0;

  constructor(private readonly host: StartFixerHost) {}

  /** Resolves when all lanes so far are fixed, or lost. */
  async all(): Promise<void> {
    while (this.fixing.size > 0) await Promise.all(this.fixing);
  }

  /** So many partitions were committed. */
  committed(partitions: number): void {
    this.stored += partitions;
  }

  /** In the call of the join: before kafkajs asks where it left off. */
  seekHints(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) {
      const hint = this.hints.get(key(lane));
      if (hint !== undefined && !lane.isFixed) this.seek(lane, hint);
    }
  }

  /** @param running resolves when kafkajs takes commits */
  fix(lanes: readonly PartitionLane[], running: Promise<void>): void {
    if (lanes.length === 0) return;
    const fixed = this.untilFixed(lanes, running).finally(() => this.fixing.delete(fixed));
    this.fixing.add(fixed);
  }

  private async untilFixed(lanes: readonly PartitionLane[], running: Promise<void>): Promise<void> {
    const { io, groupId, ended } = this.host;
    await running.catch(() => undefined);
    for (;;) {
      const left = lanes.filter((lane) => !lane.isFixed && !lane.isLost);
      if (left.length === 0 || ended.aborted) return;
      try {
        await this.once(left);
      } catch (thrown) {
        io.log.debug(`Group '${groupId}' could not fix where it begins, it tries again: ${asError(thrown).message}`);
        await sleep(io.clock, AGAIN_MS, ended);
      }
    }
  }

  private async once(lanes: readonly PartitionLane[]): Promise<void> {
    const { known, fresh } = await this.host.withAdmin((admin) => this.positions(admin, lanes));
    for (const [lane, offset] of known) this.begin(lane, offset);
    const alive = fresh.filter(([lane]) => !lane.isLost);
    if (alive.length === 0) return;
    await this.store(alive);
    for (const [lane, offset] of alive) this.beginAt(lane, offset);
  }

  private async positions(admin: Admin, lanes: readonly PartitionLane[]): Promise<Positions> {
    const topics = (of: readonly PartitionLane[]): string[] => [...new Set(of.map(({ origin }) => origin.topic))];
    const committed = await committedOf(admin, this.host.groupId, topics(lanes));
    const offsetOf = (lane: PartitionLane): number => committed.get(key(lane)) ?? -1;
    const without = lanes.filter((lane) => offsetOf(lane) < 0);
    const unhinted = without.filter((lane) => !this.hints.has(key(lane)));
    const beginnings = await beginningsOf(admin, topics(unhinted));
    return {
      known: lanes.filter((lane) => offsetOf(lane) >= 0).map((lane) => [lane, offsetOf(lane)]),
      fresh: without.map((lane) => [lane, this.hints.get(key(lane)) ?? beginnings.get(key(lane)) ?? 0]),
    };
  }

  /** Another member has committed since the hint was taken. */
  private begin(lane: PartitionLane, committed: number): void {
    if (lane.isLost) return;
    const hint = this.hints.get(key(lane));
    if (hint !== undefined && hint !== committed) this.seek(lane, committed);
    this.beginAt(lane, committed);
  }

  private beginAt(lane: PartitionLane, offset: number): void {
    if (lane.wasPassedEarly && !lane.isLost) this.seek(lane, offset);
    lane.begin(offset);
  }

  /** By the consumer itself: kafkajs hands over no other way before the first batch. */
  async commit(offsets: OffsetsByTopicPartition): Promise<void> {
    const before = this.stored;
    const flat = offsets.topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one })));
    await this.host.consumer.commitOffsets(flat);
    // While it stops, kafkajs resolves this and commits nothing (#507, #751): only its event tells.
    if (this.stored - before < flat.length) throw new Error('kafkajs did not commit');
  }

  private async store(starts: readonly Start[]): Promise<void> {
    await this.commit(offsetsOf(starts.map(([{ origin }, offset]) => ({ ...origin, offset }))));
    for (const [lane] of starts) this.hints.delete(key(lane));
  }

  private seek({ origin: { topic, partition } }: PartitionLane, offset: number): void {
    this.host.consumer.seek({ topic, partition, offset: String(offset) });
  }
}

type Start = [PartitionLane, number];

interface Positions {
  /** The group has committed them. */
  readonly known: Start[];
  /** It has not. */
  readonly fresh: Start[];
}

const key = ({ origin }: PartitionLane): string => keyOf(origin.topic, origin.partition);
