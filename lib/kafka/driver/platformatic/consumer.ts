import type { ConnectionPool } from '@platformatic/kafka';
import { within } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import type { ConsumerListeners, FetchedBatch, GroupConsumer, GroupConsumerOptions } from '../client/consumer-port.js';
import type { PartitionOffset } from '../client/records.js';
import { commitWithMetadata } from './commit.js';
import { closeSilently, cutPool } from './connections.js';
import { explained } from './failures.js';
import { FetchLoop } from './fetch-loop.js';
import { onOwnConnection } from './joins.js';
import { type BytesConsumer, Membership } from './membership.js';
import type { Platformatic, PlatformaticConsumerOptions } from '../../platformatic/options.js';
import type { PendingRequests } from './pending.js';
import { intercept } from './requests.js';

/** The client that a consumer belongs to. */
export interface ConsumerHost {
  readonly io: DriverContext;
  readonly platformatic: Platformatic;
  readonly pending: PendingRequests;
  readonly options: PlatformaticConsumerOptions;
  readonly byServer: boolean;
}

/** Connections of the consumer's own, beside those of the client. */
export interface Pools {
  /** A server answers the requests of a connection in turn, and a fetch may wait for messages. */
  readonly fetches: ConnectionPool;
  /** A join waits for all members of the group. */
  readonly joins: ConnectionPool;
}

/** How long a join waits for a commit on its way, in milliseconds: behind it the group would refuse the commit. */
const COMMIT_MS = 1_000;
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
const METADATA_MAX_AGE_MS = 300_000;

/**
 * A member of a group that fetches by itself: the client's own stream of messages says nothing of where a fetch ended, and
 * ends for good with its first error.
 */
export class ConsumerOfPlatformatic implements GroupConsumer {
  private readonly topics = new Set<string>();
  private readonly membership: Membership;
  private readonly loop: FetchLoop;
  private readonly committing = new Set<Promise<unknown>>();
  private isOver = false;

  constructor(
    private readonly host: ConsumerHost,
    private readonly consumer: BytesConsumer,
    private readonly pools: Pools,
    { maxWaitMs, persistent, concurrently }: GroupConsumerOptions,
    private readonly listeners: ConsumerListeners,
  ) {
    const { io, pending, options, byServer } = host;
    const { topics } = this;
    const crash = (cause: Error): void => this.crash(cause);
    const heard: ConsumerListeners = { ...listeners, alive: () => this.alive() };
    const shared = { io, consumer, pending, topics, crash, listeners: heard };
    const { minBytes = 1, maxBytes = MAX_BYTES, maxBytesPerPartition = MAX_BYTES_PER_PARTITION } = options;
    const { metadataMaxAge = METADATA_MAX_AGE_MS } = options;
    const limits = { minBytes, maxBytes, maxBytesPerPartition, maxWaitMs, metadataMaxAge };
    const fetching = { pool: pools.fetches, concurrently, limits, grown: (): void => this.grown() };
    const loop = (this.loop = new FetchLoop({ ...shared, ...fetching }));
    const joining = onOwnConnection(pools.joins, () => this.committed());
    intercept(consumer, host.platformatic, { JoinGroup: joining, SyncGroup: onOwnConnection(pools.joins) });
    this.membership = new Membership({
      ...shared,
      platformatic: host.platformatic,
      byServer,
      persistent,
      suspend: () => loop.suspend(),
      assigned: (join) => loop.positions.assign(join),
      resume: () => loop.resume(),
    });
    if (byServer) closeAfter(consumer, () => this.membership.settled());
  }

  async connect(): Promise<void> {
    const asked = this.host.pending.watch('a question about the cluster', this.consumer.metadata({ topics: [] }));
    await asked.catch((thrown: unknown) => {
      throw explained(thrown);
    });
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    const { autocreateTopics = true } = this.host.options;
    await this.consumer.metadata({ topics: [...topics], autocreateTopics, forceUpdate: true });
    for (const topic of topics) {
      this.topics.add(topic);
      if (!this.host.byServer) this.consumer.topics.track(topic);
    }
  }

  async run(take: (batch: FetchedBatch) => Promise<void>): Promise<void> {
    this.loop.start(take);
    await this.membership.join();
  }

  seek(topic: string, partition: number, offset: number): void {
    this.loop.positions.seek(topic, partition, offset);
    this.loop.changed();
  }

  pause(topic: string, partition: number): void {
    this.loop.positions.pause(topic, partition);
    this.loop.changed();
  }

  resume(topic: string, partition: number): void {
    if (this.loop.positions.resume(topic, partition)) this.loop.changed();
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const { pending, platformatic } = this.host;
    const { consumer } = this;
    // Asked at once: what is committed within `rebalancing` comes before the next join.
    const asked = offsets.some(({ metadata }) => metadata !== undefined)
      ? commitWithMetadata(platformatic, consumer, offsets)
      : consumer.commit({ offsets: offsets.map(committed) });
    this.committing.add(asked);
    await pending.watch('an offset commit', asked).finally(() => this.committing.delete(asked));
  }

  /** A static member stays in its group: the server waits for it until its session is over. */
  async disconnect(): Promise<void> {
    this.end();
    cutPool(this.pools.fetches);
    cutPool(this.pools.joins);
    const { byServer, options } = this.host;
    if (options.groupInstanceId !== undefined && !byServer) {
      closeSilently(this.consumer);
      return;
    }
    // The client leaves a group by KIP-848 only where it knows the cluster.
    if (byServer) await this.consumer.metadata({ topics: [] });
    else await left(this.consumer);
    await this.consumer.close(true);
  }

  /** Nothing is fetched, joined or told any more. */
  end(): void {
    this.isOver = true;
    this.loop.end();
    this.membership.end();
  }

  private async committed(): Promise<void> {
    await within(this.host.io.clock, Promise.allSettled(this.committing), COMMIT_MS);
  }

  private alive(): void {
    if (!this.loop.lacksTopic && !this.isOver) this.listeners.alive();
  }

  /** The server assigns new partitions by itself; else all members have to tell that they know of them. */
  private grown(): void {
    if (!this.host.byServer) void this.membership.join();
  }

  private crash(cause: Error): void {
    if (this.isOver) return;
    this.end();
    this.listeners.crashed(cause);
  }
}

const committed = ({
  topic,
  partition,
  offset,
}: PartitionOffset): { topic: string; partition: number; offset: bigint; leaderEpoch: number } => ({
  topic,
  partition,
  offset: BigInt(offset),
  leaderEpoch: -1,
});

/** Closed within a join by KIP-848 the client has no member id any more, joins again for one, and does so until its stack is full. */
function closeAfter(consumer: BytesConsumer, over: () => Promise<void>): void {
  const close = consumer.close.bind(consumer) as (...args: unknown[]) => Promise<void>;
  Object.assign(consumer, { close: (...args: unknown[]) => over().then(() => close(...args)) });
}

/** Its types know the form with a callback first. */
const left = (consumer: BytesConsumer): Promise<void> =>
  new Promise((resolve, reject) => {
    consumer.leaveGroup(true, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
