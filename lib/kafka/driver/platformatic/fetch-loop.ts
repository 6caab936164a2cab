import type { ConnectionPool } from '@platformatic/kafka';
import { Backoff, sleep } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { ConsumerListeners, FetchedBatch } from '../client/consumer-port.js';
import type { FetchedRecord } from '../client/records.js';
import type { FetchPosition } from './fetch-position.js';
import { FetchPositions } from './fetch-position.js';
import { type FetchedPartition, type FetchResponse, recordsFrom } from './fetched-records.js';
import { isRetriable, protocolError, RefusedTopic, sentenceOf, UndecodableBatch } from './failures.js';
import { locate } from './locate.js';
import type { BytesConsumer } from './membership.js';
import type { PendingRequests } from './pending.js';
import { Slots } from './slots.js';

type Metadata = Awaited<ReturnType<BytesConsumer['metadata']>>;

/** The consumer whose partitions are fetched. */
export interface FetchLoopHost {
  readonly io: DriverContext;
  readonly consumer: BytesConsumer;
  /** Of its own: a server answers the requests of a connection in turn, and a fetch may wait for messages. */
  readonly pool: ConnectionPool;
  readonly listeners: ConsumerListeners;
  readonly pending: PendingRequests;
  readonly topics: ReadonlySet<string>;
  readonly concurrently: number;
  readonly limits: {
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly maxBytesPerPartition: number;
    readonly maxWaitMs: number;
    readonly metadataMaxAge: number;
  };
  /** A topic has more partitions than when the group was joined. */
  grown(): void;
  crash(cause: Error): void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** Kafka's codes of a partition that was not fetched. */
const OUT_OF_RANGE = 1;
const MISSING = new Set([3, 100, 103]);
const FORBIDDEN = 29;
/** Instead of a node. */
const NOBODY = -1;
/**
 * The driver looks for a batch that cannot be decoded by fetching one partition at a time. Nodes without a partition to fetch
 * are not asked here, so to the driver all of them are one.
 */
const ALL_NODES = '*';

/** Fetches from each node by itself, one request at a time, whatever is neither paused nor being taken. */
export class FetchLoop {
  readonly positions = new FetchPositions();
  private take: ((batch: FetchedBatch) => Promise<void>) | undefined;
  private isSuspended = true;
  private isScheduled = false;
  private isMissing = false;
  private readonly busyNodes = new Set<number>();
  private readonly located = new Set<FetchPosition>();
  private readonly slots: Slots;
  private readonly backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
  /** While some have no leader the others succeed, and would have it asked for again at once. */
  private readonly leaderless = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
  private readonly over = new AbortController();
  /** Counts changes of what may be fetched. */
  private flow = 0;
  private counts: Metadata['topics'] | undefined;

  constructor(private readonly host: FetchLoopHost) {
    this.slots = new Slots(host.concurrently);
  }

  /** Whether the server answers, but not for a topic: nothing tells of life then, so that the driver looks for it. */
  get lacksTopic(): boolean {
    return this.isMissing;
  }

  start(take: (batch: FetchedBatch) => Promise<void>): void {
    this.take = take;
    this.wake();
  }

  suspend(): void {
    this.isSuspended = true;
  }

  resume(): void {
    this.isSuspended = false;
    this.counts = undefined;
    this.changed();
  }

  end(): void {
    this.over.abort();
  }

  /** What may be fetched has changed. */
  changed(): void {
    this.flow++;
    this.wake();
  }

  private wake(): void {
    if (this.isScheduled || this.isOver) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      void this.round();
    });
  }

  private get isOver(): boolean {
    return this.over.signal.aborted;
  }

  private get ready(): FetchPosition[] {
    if (this.isOver || this.isSuspended || this.take === undefined) return [];
    return [...this.positions].filter((position) => !position.isBusy && !this.positions.isPaused(position));
  }

  private async round(): Promise<void> {
    const lost = this.ready.filter((position) => position.next === undefined && !this.located.has(position));
    if (lost.length > 0) void this.locate(lost);
    if (!this.ready.some(({ next }) => next !== undefined)) return;
    const metadata = await this.metadata();
    if (metadata === undefined) return;
    const nodes = new Map<number, FetchPosition[]>();
    for (const position of this.ready) {
      const leader = this.leaderOf(position, metadata);
      if (position.next === undefined || this.busyNodes.has(leader)) continue;
      nodes.set(leader, [...(nodes.get(leader) ?? []), position]);
    }
    // One whose topic was made anew has just lost its offset, of which nothing else tells the loop.
    if (this.ready.some((position) => position.next === undefined && !this.located.has(position))) this.wake();
    if (!nodes.has(NOBODY) && !this.busyNodes.has(NOBODY)) this.leaderless.reset();
    for (const [node, positions] of nodes) void this.fetchFrom(node, positions, metadata);
  }

  /** Undefined where the cluster does not tell; another round follows. */
  private async metadata(): Promise<Metadata | undefined> {
    const { consumer, topics, limits } = this.host;
    try {
      const { metadataMaxAge } = limits;
      const metadata = await consumer.metadata({ topics: [...topics], autocreateTopics: false, metadataMaxAge });
      this.compare(metadata.topics);
      return metadata;
    } catch (thrown) {
      await this.failed(asError(thrown));
      return undefined;
    }
  }

  private compare(topics: Metadata['topics']): void {
    const before = this.counts;
    this.counts = topics;
    if (before === undefined) return;
    for (const [topic, { partitionsCount }] of topics)
      if (partitionsCount > (before.get(topic)?.partitionsCount ?? Infinity)) {
        this.host.grown();
        return;
      }
  }

  /** A topic that was made anew has another id; its offsets mean other records. */
  private leaderOf(position: FetchPosition, { topics }: Metadata): number {
    const topic = topics.get(position.topic);
    if (topic === undefined) return NOBODY;
    const isAnother = position.topicId !== undefined && position.topicId !== topic.id;
    position.topicId = topic.id;
    if (isAnother) this.lose(position);
    return topic.partitions[position.partition]?.leader ?? NOBODY;
  }

  private async fetchFrom(node: number, positions: readonly FetchPosition[], metadata: Metadata): Promise<void> {
    const { listeners, pending, limits } = this.host;
    const { flow } = this;
    const asked = positions.map((position) => ({ position, version: position.version, from: position.next ?? 0 }));
    this.busyNodes.add(node);
    try {
      if (node < 0) {
        await this.withoutLeader();
        return;
      }
      listeners.fetchBegun(ALL_NODES);
      const fetched = this.request(node, positions, metadata);
      const response = await pending.watch('a fetch', fetched, limits.maxWaitMs).catch(responseOf);
      if (this.isOver) return;
      const refused = asked.filter(({ position, version, from }) => {
        const part = partOf(response, position);
        return part !== undefined && position.version === version && this.isAwaited(position, from)
          ? !this.accept(position, part, from)
          : false;
      });
      if (flow === this.flow) listeners.fetched(ALL_NODES);
      if (refused.length > 0) await this.stale();
      else this.sound();
    } catch (thrown) {
      await this.failed(asError(thrown));
    } finally {
      this.busyNodes.delete(node);
      this.wake();
    }
  }

  /** Where its leader changes a partition is asked of two nodes, and both may answer. */
  private isAwaited(position: FetchPosition, from: number): boolean {
    return this.positions.has(position) && !position.isBusy && (position.next ?? 0) === from;
  }

  private request(node: number, positions: readonly FetchPosition[], metadata: Metadata): Promise<FetchResponse> {
    const { consumer, pool, limits } = this.host;
    const topics = new Map<string, FetchPosition[]>();
    for (const one of positions) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
    return consumer.fetch({
      node,
      connectionPool: pool,
      maxWaitTime: limits.maxWaitMs,
      minBytes: limits.minBytes,
      maxBytes: limits.maxBytes,
      topics: [...topics].map(([topic, some]) => ({
        topicId: metadata.topics.get(topic)?.id ?? '',
        partitions: some.map(({ partition, next = 0 }) => ({
          partition,
          fetchOffset: BigInt(next),
          partitionMaxBytes: limits.maxBytesPerPartition,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
        })),
      })),
    });
  }

  /** False where the server refused it for now. */
  private accept(position: FetchPosition, part: FetchedPartition, from: number): boolean {
    const { errorCode } = part;
    if (errorCode === OUT_OF_RANGE) this.lose(position);
    else if (errorCode === FORBIDDEN) this.host.crash(new RefusedTopic(position.topic));
    else if (errorCode !== 0) {
      this.isMissing ||= MISSING.has(errorCode);
      return false;
    } else if (!this.isSuspended && !this.positions.isPaused(position)) this.hand(position, part, from);
    return true;
  }

  private hand(position: FetchPosition, part: FetchedPartition, from: number): void {
    const { topic, partition, version } = position;
    const { records, lastOffset } = recordsFrom(part, from);
    if (lastOffset === undefined) return;
    if (records.length === 0) {
      position.next = lastOffset + 1;
      this.host.listeners.passed(topic, partition, lastOffset);
      return;
    }
    const isStale = (): boolean => position.version !== version || !this.positions.has(position);
    const resolve = (record: FetchedRecord): void => {
      if (!isStale()) position.next = record === records.at(-1) ? lastOffset + 1 : Number(record.offset) + 1;
    };
    const isRunning = (): boolean => !this.isOver;
    const heartbeat = (): Promise<void> => (isStale() ? Promise.reject(new Error(LOST)) : Promise.resolve());
    position.isBusy = true;
    const batch = { topic, partition, records, lastOffset, isStale, isRunning, resolve, heartbeat };
    void this.slots
      .run(() => this.takeOne(batch))
      .then(() => {
        position.isBusy = false;
        this.wake();
      });
  }

  /** A rebalance may have come while it waited. */
  private async takeOne(batch: FetchedBatch): Promise<void> {
    // It rejects with what `heartbeat` has rejected with: the batch is fetched again, by who has the partition now.
    if (!this.isOver && !batch.isStale()) await this.take?.(batch).catch(() => undefined);
  }

  private lose(position: FetchPosition): void {
    position.rewind();
    this.host.listeners.offsetLost(position.topic, position.partition);
  }

  private async locate(positions: readonly FetchPosition[]): Promise<void> {
    for (const position of positions) this.located.add(position);
    try {
      await locate(this.host.consumer, positions);
      if (positions.some(({ next }) => next === undefined)) await this.withoutLeader();
    } catch (thrown) {
      await this.failed(asError(thrown));
    } finally {
      for (const position of positions) this.located.delete(position);
      this.wake();
    }
  }

  private sound(): void {
    this.isMissing = false;
    this.backoff.reset();
    this.host.listeners.alive();
  }

  private async withoutLeader(): Promise<void> {
    this.host.listeners.complained('A partition has no leader');
    await this.stale(this.leaderless);
  }

  /** The leaders of partitions, or the ids of topics, have changed. */
  private async stale(backoff = this.backoff): Promise<void> {
    this.host.consumer.clearMetadata();
    await sleep(this.host.io.clock, backoff.next(), this.over.signal);
  }

  private async failed(cause: Error): Promise<void> {
    if (this.isOver) return;
    this.host.listeners.complained(sentenceOf(cause));
    if (isUndecodable(cause)) {
      this.host.crash(new UndecodableBatch(cause.message, { cause }));
      return;
    }
    if (protocolError(cause) === 'UNKNOWN_TOPIC_OR_PARTITION') this.isMissing = true;
    await this.stale();
    this.wake();
  }
}

const LOST = 'The partition was lost in a rebalance';

/** One error of a partition fails the whole fetch: what the others have brought is in the error. */
function responseOf(thrown: unknown): FetchResponse {
  const { response } = thrown as { readonly response?: FetchResponse };
  if (response?.responses !== undefined && response.errorCode === 0) return response;
  throw thrown;
}

const partOf = (response: FetchResponse, { topicId, partition }: FetchPosition): FetchedPartition | undefined =>
  response.responses
    .filter((topic) => topic.topicId === topicId)
    .flatMap(({ partitions }) => partitions)
    .find(({ partitionIndex }) => partitionIndex === partition);

/** Errors of the client that are neither of the network nor Kafka's come out of its decoder. */
function isUndecodable(cause: Error): boolean {
  const { code } = cause as { readonly code?: unknown };
  if (protocolError(cause) !== undefined || isRetriable(cause)) return false;
  return DECODER.has(String(code)) || !String(code).startsWith('PLT_KFK_');
}

const DECODER = new Set(['PLT_KFK_UNSUPPORTED_COMPRESSION', 'PLT_KFK_OUT_OF_BOUNDS', 'PLT_KFK_UNSUPPORTED_FORMAT']);
