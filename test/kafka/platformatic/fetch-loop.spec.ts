import { describe, expect, it } from '@jest/globals';

import type { ConsumerListeners, FetchedBatch } from '../../../lib/kafka/driver/client/consumer-port.js';
import { FetchLoop, type FetchLoopHost } from '../../../lib/kafka/driver/platformatic/fetch-loop.js';
import { PendingRequests } from '../../../lib/kafka/driver/platformatic/pending.js';
import { until } from '../../support/real-brokers.js';
import { recordingIo } from '../../support/kafka/connected.js';

interface Asked {
  readonly node: number;
  readonly offset: number;
  readonly topicId: string;
  answer(errorCode?: number, values?: readonly string[]): void;
}

/** A cluster with one topic, `orders`, of one partition. A fetch waits until the test answers it. */
class Cluster {
  id = 'one';
  readonly asked: Asked[] = [];
  readonly taken: string[] = [];
  readonly events: string[] = [];
  take: (batch: FetchedBatch) => Promise<void> = (batch) => {
    this.taken.push(batch.records.map(({ offset, value }) => `${String(offset)}:${String(value)}`).join());
    batch.resolve(batch.records.at(-1)!);
    return Promise.resolve();
  };
  readonly loop: FetchLoop;

  constructor(
    next: number,
    public leader: number | undefined = 1,
  ) {
    this.loop = new FetchLoop(this.host());
    this.loop.positions.assign({ memberId: 'member', assignment: { orders: [0] } });
    this.loop.positions.seek('orders', 0, next);
    this.loop.start((batch) => this.take(batch));
    this.loop.resume();
  }

  private host(): FetchLoopHost {
    return {
      ...{ io: recordingIo().io, consumer: this.consumer(), pool: {}, topics: new Set(['orders']), concurrently: 4 },
      listeners: this.listeners(),
      pending: new PendingRequests('kafka:9092'),
      limits: { minBytes: 1, maxBytes: 1, maxBytesPerPartition: 1, maxWaitMs: 100, metadataMaxAge: 1_000 },
      grown: () => undefined,
      crash: (cause: Error) => {
        this.events.push(`crash ${cause.name}`);
        this.loop.end();
      },
    } as unknown as FetchLoopHost;
  }

  private consumer(): unknown {
    return {
      metadata: () => {
        const partitions = this.leader === undefined ? [] : [{ leader: this.leader }];
        return Promise.resolve({ topics: new Map([['orders', { id: this.id, partitions, partitionsCount: 1 }]]) });
      },
      clearMetadata: () => this.events.push('forgets metadata'),
      listCommittedOffsets: () => Promise.resolve(new Map()),
      listOffsets: () => Promise.resolve(new Map([['orders', [0n]]])),
      fetch: (request: Request) => this.fetch(request),
    };
  }

  private fetch({ node, topics: [topic] }: Request): Promise<unknown> {
    const { topicId, partitions } = topic!;
    const offset = Number(partitions[0]!.fetchOffset);
    return new Promise((resolve) => {
      const answer = (errorCode = 0, values: readonly string[] = []): void => {
        const records = values.length === 0 ? [] : [batchOf(offset, values)];
        const partition = { partitionIndex: 0, errorCode, records, abortedTransactions: [] };
        resolve({ errorCode: 0, responses: [{ topicId, partitions: [partition] }] });
      };
      this.asked.push({ node, offset, topicId, answer });
    });
  }

  private listeners(): ConsumerListeners {
    const nothing = (): void => undefined;
    return {
      ...{ alive: nothing, fetchBegun: nothing, fetched: nothing, passed: nothing, foreignTopics: nothing },
      ...{ joined: nothing, rebalancing: nothing, complained: nothing, crashed: nothing },
      revoking: () => Promise.resolve(),
      offsetLost: () => this.events.push('lost'),
    };
  }
}

interface Request {
  readonly node: number;
  readonly topics: readonly { topicId: string; partitions: readonly { fetchOffset: bigint }[] }[];
}

const batchOf = (first: number, values: readonly string[]): unknown => ({
  ...{ firstOffset: BigInt(first), lastOffsetDelta: values.length - 1, attributes: 0, producerId: -1n },
  ...{ firstTimestamp: 0n, maxTimestamp: 0n },
  records: values.map((value, offsetDelta) => ({
    ...{ attributes: 0, timestampDelta: 0n, offsetDelta, key: null, value: Buffer.from(value), headers: [] },
  })),
});

const fetches = (cluster: Cluster, count: number): Promise<unknown> =>
  until(() => cluster.asked.length >= count, { what: `fetch ${count} is sent` });

describe('the loop that fetches on @platformatic/kafka', () => {
  it('waits for a partition that has no leader, or that the metadata do not have', async () => {
    const cluster = new Cluster(3, -1);
    await until(() => cluster.events.length > 0, { what: 'it finds no leader' });
    expect(cluster.events.slice(0, 1)).toEqual(['forgets metadata']);
    cluster.leader = undefined;
    await until(() => cluster.events.length > 1, { what: 'it does not find the partition' });
    cluster.leader = 2;
    await fetches(cluster, 1);
    expect(cluster.asked[0]).toMatchObject({ node: 2, offset: 3 });
    expect(new Set(cluster.events)).toEqual(new Set(['forgets metadata']));
    cluster.loop.end();
  });

  it('goes on at the oldest record of a topic that was made anew', async () => {
    const cluster = new Cluster(3);
    await fetches(cluster, 1);
    cluster.id = 'another';
    cluster.asked[0]!.answer(100);
    await fetches(cluster, 2);
    expect(cluster.events).toContain('lost');
    expect(cluster.asked[1]).toMatchObject({ offset: 0, topicId: 'another' });
    cluster.loop.end();
  });

  it('hands a record over once where the leader changes during a fetch', async () => {
    const cluster = new Cluster(3);
    await fetches(cluster, 1);
    cluster.leader = 2;
    cluster.loop.changed();
    await fetches(cluster, 2);
    cluster.asked[0]!.answer(0, ['a', 'b']);
    await until(() => cluster.taken.length > 0, { what: 'the first answer is taken' });
    cluster.asked[1]!.answer(0, ['a', 'b']);
    await fetches(cluster, 3);
    cluster.asked[2]!.answer(0, ['c']);
    await until(() => cluster.taken.length >= 2, { what: 'both are taken' });
    expect(cluster.taken).toEqual(['3:a,4:b', '5:c']);
    cluster.loop.end();
  });
});
