import type { Admin, Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from 'kafkajs';

import { AssignerProtocol } from 'kafkajs';

import { KafkajsClient } from '../../../lib/kafka/driver/kafkajs/client.js';
import { UnansweredRequests } from '../../../lib/kafka/driver/kafkajs/unanswered-requests.js';
import { recordingIo } from './connected.js';

const events = {
  FETCH_START: 'fetch-start',
  FETCH: 'fetch',
  HEARTBEAT: 'heartbeat',
  END_BATCH_PROCESS: 'end-batch',
  GROUP_JOIN: 'join',
  RECEIVED_UNSUBSCRIBED_TOPICS: 'strays',
  REBALANCING: 'rebalancing',
  COMMIT_OFFSETS: 'commit',
  REQUEST_TIMEOUT: 'timeout',
  CRASH: 'crash',
} as const;

const unknownTopic = (): Error => Object.assign(new Error('unknown topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });

type Offsets = { topic: string; partition: number; offset: string }[];

/** In the place of kafkajs, with one consumer: it does what a test says, and notes what it is told. */
export class FakeClient {
  readonly calls: string[] = [];
  /** What the group has committed, by `topic/partition`. */
  readonly committed = new Map<string, string>();
  killed = false;
  /** Partitions of the topic, and its ends. */
  ends = [10, 10];
  /** When `connect()` resolves. */
  connecting: Promise<void> = Promise.resolve();
  /** When `run()` resolves. It joins first, as kafkajs does. */
  running: Promise<void> = Promise.resolve();
  /** Whether a commit is one. kafkajs resolves all the same while it stops. */
  commits = true;
  /** While it stops, kafkajs takes no commit but by a batch. */
  stops = false;
  /** Whether the consumer goes on, as a batch is told. */
  runs = true;
  disconnected: Promise<void> = Promise.resolve();
  joins = true;
  /** Topics that the cluster does not have. */
  missing = new Set<string>();
  /** Whether `run()` was called. */
  joined = false;
  private readonly listeners = new Map<string, ((event: { payload: unknown }) => void)[]>();
  private eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined;

  private readonly kafka = {
    consumer: () => this.consumer as unknown as Consumer,
    admin: () => this.admin as unknown as Admin,
  } as unknown as Kafka;

  /** The library's own client over it. */
  readonly client = new KafkajsClient({
    io: recordingIo().io,
    settings: {},
    protocol: AssignerProtocol,
    kafka: this.kafka,
    log: { listener: undefined },
    unanswered: new UnansweredRequests(),
    sockets: { kill: () => (this.killed = true) },
  });

  emit(event: keyof typeof events, payload: unknown): void {
    for (const listener of this.listeners.get(events[event]) ?? []) listener({ payload });
  }

  /** It leads its group, unless `other` says otherwise. */
  join(memberId: string, memberAssignment: Record<string, number[]>, other = {}): void {
    this.emit('GROUP_JOIN', { memberId, memberAssignment, isLeader: true, ...other });
  }

  crash(error: Error): void {
    this.emit('CRASH', { error, groupId: 'g', restart: false } satisfies ConsumerCrashEvent['payload']);
  }

  /** Hands a batch to `eachBatch`, as kafkajs does after a fetch. `last` may be the offset of a transaction's marker. */
  async batch(partition: number, offsets: readonly number[], last = offsets.at(-1)): Promise<void> {
    const messages = offsets.map((offset) => ({
      offset: String(offset),
      value: Buffer.from(`m${offset}`),
      key: null,
      timestamp: '1',
      attributes: 0,
      headers: {},
    }));
    await this.eachBatch?.({
      batch: { topic: 'topic', partition, messages, lastOffset: () => String(last) },
      resolveOffset: (offset: string) => this.calls.push(`resolve ${partition}@${offset}`),
      isStale: () => false,
      isRunning: () => this.runs,
      heartbeat: async () => undefined,
      commitOffsetsIfNecessary: async (given: {
        topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
      }) => {
        this.store(given.topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one }))));
      },
    } as unknown as EachBatchPayload);
    this.emit('END_BATCH_PROCESS', { topic: 'topic', partition, batchSize: offsets.length, lastOffset: String(last) });
  }

  /** Of a fetch that brought no message, but markers or aborted records, kafkajs hands over no batch. */
  passed(partition: number, last: number): void {
    this.emit('END_BATCH_PROCESS', { topic: 'topic', partition, batchSize: 0, lastOffset: String(last) });
  }

  private store(offsets: Offsets): void {
    this.calls.push(`commit ${offsets.map(({ partition, offset }) => `${partition}@${offset}`).join(' ')}`);
    if (!this.commits) return;
    for (const { topic, partition, offset } of offsets) this.committed.set(`${topic}/${partition}`, offset);
    this.emit('COMMIT_OFFSETS', { topics: [{ partitions: offsets }] });
  }

  private readonly consumer = {
    events,
    on: (event: string, listener: (event: { payload: unknown }) => void) => {
      this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    },
    connect: () => this.connecting,
    subscribe: async ({ topics }: { topics: string[] }) => {
      if (topics.some((topic) => this.missing.has(topic))) throw unknownTopic();
    },
    run: async ({ eachBatch }: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) => {
      this.eachBatch = eachBatch;
      this.joined = true;
      await Promise.resolve();
      if (this.joins) this.join('member-1', { topic: this.ends.map((_, partition) => partition) });
      await this.running;
      this.calls.push('running');
    },
    seek: ({ partition, offset }: { partition: number; offset: string }) =>
      this.calls.push(`seek ${partition}@${offset}`),
    pause: ([{ partitions }]: [{ partitions: number[] }]) => this.calls.push(`pause ${partitions.join()}`),
    resume: () => undefined,
    commitOffsets: async (offsets: Offsets) => {
      if (!this.stops) this.store(offsets);
    },
    disconnect: () => {
      this.calls.push('disconnect');
      return this.disconnected;
    },
  };

  private readonly admin = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    listTopics: async () => ['topic'],
    fetchOffsets: async ({ topics }: { topics: string[] }) =>
      topics.map((topic) => ({
        topic,
        partitions: this.ends.map((_, partition) => ({
          partition,
          offset: this.committed.get(`${topic}/${partition}`) ?? '-1',
        })),
      })),
    fetchTopicOffsets: async () =>
      this.ends.map((high, partition) => ({ partition, offset: String(high), high: String(high), low: '0' })),
  };
}
