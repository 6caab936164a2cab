import { Serial, sleep } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError, errorOf, type MessageParams, phrase } from '../../../errors/index.js';
import type { Admin } from '../client/admin-port.js';
import type { GroupConsumer } from '../client/consumer-port.js';
import { keyOf } from './assigned-partitions.js';
import { offsetOf } from './offset-committer.js';
import type { PartitionLane } from './partition-lane.js';

/** The consumer whose lanes get their initial offsets. */
export interface InitialOffsetsHost {
  readonly io: DriverContext;
  readonly groupId: string;
  readonly consumer: Pick<GroupConsumer, 'seek' | 'commit'>;
  readonly withAdmin: WithAdmin;
  readonly ended: AbortSignal;
}

/** How long to wait before a retry, in milliseconds. */
const AGAIN_MS = 200;

/**
 * Determines the initial offset of each new lane, and commits it. A client commits nothing at the start, so that a crash
 * before the first commit would skip what was published since.
 */
export class InitialOffsets {
  /** The initial offsets of partitions without a committed offset that do not begin at their oldest message. */
  hints = new Map<string, number>();
  private readonly fixing = new Set<Promise<void>>();

  constructor(private readonly host: InitialOffsetsHost) {}

  /** Resolves when all lanes so far have begun, or are lost. */
  async all(): Promise<void> {
    while (this.fixing.size > 0) await Promise.all(this.fixing);
  }

  /** Called within the join's event: before the client asks for committed offsets. */
  seekHints(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) {
      const hint = this.hints.get(key(lane));
      if (hint !== undefined && !lane.isFixed) this.seek(lane, hint);
    }
  }

  /** @param running resolves when the client accepts commits */
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
        io.log.debug(`Group '${groupId}' could not commit its initial offsets, retrying: ${asError(thrown).message}`);
        await sleep(io.clock, AGAIN_MS, ended);
      }
    }
  }

  private async once(lanes: readonly PartitionLane[]): Promise<void> {
    const { known, fresh } = await this.host.withAdmin((admin) => this.positions(admin, lanes));
    for (const [lane, offset] of known) this.begin(lane, offset);
    const alive = fresh.filter(([lane]) => !lane.isLost);
    if (alive.length === 0) return;
    await this.host.consumer.commit(alive.map(([{ origin }, offset]) => offsetOf(origin, offset)));
    for (const [lane] of alive) this.hints.delete(key(lane));
    for (const [lane, offset] of alive) this.beginAt(lane, offset);
  }

  private async positions(admin: Admin, lanes: readonly PartitionLane[]): Promise<Positions> {
    const topics = (of: readonly PartitionLane[]): string[] => [...new Set(of.map(({ origin }) => origin.topic))];
    const committed = await committedOf(admin, this.host.groupId, topics(lanes));
    const committedAt = (lane: PartitionLane): number => committed.get(key(lane)) ?? -1;
    const without = lanes.filter((lane) => committedAt(lane) < 0);
    const unhinted = without.filter((lane) => !this.hints.has(key(lane)));
    const beginnings = await beginningsOf(admin, topics(unhinted));
    return {
      known: lanes.filter((lane) => committedAt(lane) >= 0).map((lane) => [lane, committedAt(lane)]),
      fresh: without.map((lane) => [lane, this.hints.get(key(lane)) ?? beginnings.get(key(lane)) ?? 0]),
    };
  }

  /** The group has a committed offset. It differs from the hint where another member has committed meanwhile. */
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

  private seek({ origin: { topic, partition } }: PartitionLane, offset: number): void {
    this.host.consumer.seek(topic, partition, offset);
  }
}

type Start = [PartitionLane, number];

interface Positions {
  /** With a committed offset. */
  readonly known: Start[];
  /** Without one. */
  readonly fresh: Start[];
}

const key = ({ origin }: PartitionLane): string => keyOf(origin.topic, origin.partition);

/** Asks the cluster, by an admin that is closed then. */
export type WithAdmin = <T>(ask: (admin: Admin) => Promise<T>) => Promise<T>;

/** A client may commit this where the server has lost an offset (kafkajs does): begin with the oldest message. */
const EARLIEST = -2;

/** Committed offsets by partition; a negative one where nothing is committed. */
export async function committedOf(admin: Admin, groupId: string, topics: string[]): Promise<Map<string, number>> {
  const offsets = new Map<string, number>();
  if (topics.length === 0) return offsets;
  for (const { topic, partition, offset } of await admin.committed(groupId, topics))
    offsets.set(keyOf(topic, partition), offset);
  return offsets;
}

/**
 * The initial offsets of a group that begins with new messages: the ends of topics for which it has committed nothing.
 * In a topic that it knows, a partition without a committed offset was added later, and is read from its beginning.
 */
export async function endsOfNew(admin: Admin, groupId: string, topics: string[]): Promise<Map<string, number>> {
  const committed = await committedOf(admin, groupId, topics);
  const ends = new Map<string, number>();
  for (const topic of topics) {
    const known = [...committed].some(
      ([key, offset]) => key.startsWith(`${topic}/`) && (offset >= 0 || offset === EARLIEST),
    );
    if (known) continue;
    for (const { partition, end } of await admin.bounds(topic)) ends.set(keyOf(topic, partition), end);
  }
  return ends;
}

/** The oldest offset of each partition. */
export async function beginningsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const beginnings = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, oldest } of await admin.bounds(topic)) beginnings.set(keyOf(topic, partition), oldest);
  }
  return beginnings;
}

/** The number of losses that health keeps. */
const REPORTED = 10;

type LossId =
  | 'MULTI_BROKER_TOPIC_RECREATED'
  | 'MULTI_BROKER_LOST_BY_RETENTION.group'
  | 'MULTI_BROKER_LOST_BY_RETENTION.groupOrRecreated';

/** Messages of a group's topics that were gone from the server before they were read. */
export class OffsetLoss {
  private readonly sentences: string[] = [];
  /** Many partitions may have lost messages at once, and each look-up takes a connection. */
  private readonly lookups = new Serial();

  constructor(
    private readonly groupId: string,
    private readonly io: DriverContext,
  ) {}

  /** The last ones, a sentence each. */
  get healthIssues(): readonly string[] {
    return this.sentences;
  }

  /** Reports why the server does not have the offset that the lane asked for. Never rejects. */
  async report({ name, next, origin }: Pick<PartitionLane, 'name' | 'next' | 'origin'>, ask: WithAdmin): Promise<void> {
    const oldest = await this.lookups.run(() => oldestOf(origin, ask));
    const from = next === undefined ? phrase('committedOffset') : phrase('offset', { offset: next });
    const params = { lane: name, group: this.groupId, from };
    // Retention deletes the oldest messages only, so an offset beyond the oldest one was not lost by it.
    if (oldest !== undefined && oldest <= (next ?? 0)) {
      this.add('MULTI_BROKER_TOPIC_RECREATED', params);
    } else {
      const situation = oldest === undefined ? 'groupOrRecreated' : 'group';
      this.add(`MULTI_BROKER_LOST_BY_RETENTION.${situation}`, params);
    }
  }

  private add(id: LossId, params: MessageParams<LossId>): void {
    const { broker, log } = this.io;
    const { message } = errorOf(id, params, { broker });
    log.error(message);
    this.sentences.push(message);
    if (this.sentences.length > REPORTED) this.sentences.shift();
  }
}

/** Undefined where the cluster does not answer. */
async function oldestOf({ topic, partition }: PartitionLane['origin'], ask: WithAdmin): Promise<number | undefined> {
  try {
    const beginnings = await ask((admin) => beginningsOf(admin, [topic]));
    return beginnings.get(keyOf(topic, partition));
  } catch {
    return undefined;
  }
}
