import type { Consumer, ConsumerConfig, EachBatchPayload, LogEntry, OffsetsByTopicPartition } from 'kafkajs';
import type { ConsumerListeners, FetchedBatch, GroupConsumer, GroupConsumerOptions } from '../client/consumer-port.js';
import type { FetchedRecord, PartitionOffset } from '../client/records.js';
import { methodOf } from './client-methods.js';
import type { ClientParts } from './client-parts.js';
import { listenTo } from './consumer-events.js';
import { RETRY } from './retry.js';
import { assigners } from './partition-assigner.js';

type ConsumerHost = Pick<ClientParts, 'io' | 'settings' | 'protocol' | 'kafka' | 'unanswered'>;

const FOR_EVER = 1_000_000;
/** A level of kafkajs's logger. */
const WARN = 2;

/** kafkajs's consumer. */
export class KafkajsConsumer implements GroupConsumer {
  private readonly consumer: Consumer;
  /** Commits even while kafkajs is stopping, once there was a batch: `consumer.commitOffsets()` commits nothing then. */
  private commitByBatch: ((offsets: OffsetsByTopicPartition) => Promise<void>) | undefined;
  /** Offsets that kafkajs has committed. */
  private stored = 0;

  constructor(
    private readonly host: ConsumerHost,
    private readonly options: GroupConsumerOptions,
    private readonly listeners: ConsumerListeners,
  ) {
    this.consumer = host.kafka.consumer(configOf(options, host));
    listenTo(this.consumer, listeners, {
      timedOut: (node, api, sentAt) => host.unanswered.timedOut(node, api, sentAt),
      committed: (partitions) => (this.stored += partitions),
    });
  }

  connect(): Promise<void> {
    return this.consumer.connect();
  }

  /** Always from the beginning: this also decides where kafkajs continues when the server has lost an offset. */
  subscribe(topics: readonly string[]): Promise<void> {
    return this.consumer.subscribe({ topics: [...topics], fromBeginning: true });
  }

  /** kafkajs resolves this although the join failed (#1721); its CRASH event tells. */
  run(take: (batch: FetchedBatch) => Promise<void>): Promise<void> {
    const run = methodOf(this.consumer, 'run', this.host.io);
    return run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.options.concurrently,
      eachBatch: async (payload) => {
        this.commitByBatch = (offsets) => payload.commitOffsetsIfNecessary(offsets);
        if (payload.batch.messages.length > 0) await take(new KafkajsBatch(payload));
      },
    });
  }

  seek(topic: string, partition: number, offset: number): void {
    this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  /** One by one: pausing one partition resumes a topic that was paused as a whole. */
  pause(topic: string, partition: number): void {
    this.consumer.pause([{ topic, partitions: [partition] }]);
  }

  resume(topic: string, partition: number): void {
    this.consumer.resume([{ topic, partitions: [partition] }]);
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const before = this.stored;
    if (this.commitByBatch === undefined) await this.consumer.commitOffsets(offsets.map(textOf));
    else await this.commitByBatch(byTopic(offsets));
    // While it stops, kafkajs resolves this and commits nothing (#507, #751): only its event shows a commit.
    if (this.stored - before < offsets.length) throw new Error('kafkajs did not commit');
  }

  disconnect(): Promise<void> {
    return this.consumer.disconnect();
  }

  /** Called with every line of the client's log. */
  logged({ level, log }: LogEntry): void {
    const severity: number = level;
    if (severity <= WARN)
      this.listeners.complained(log.error === undefined ? log.message : `${log.message}: ${String(log.error)}`);
    if (log.message.startsWith('Offset out of range, resetting'))
      this.listeners.offsetLost(String(log.topic), Number(log.partition));
  }
}

class KafkajsBatch implements FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly FetchedRecord[];

  constructor(private readonly payload: EachBatchPayload) {
    const { topic, partition, messages } = payload.batch;
    this.topic = topic;
    this.partition = partition;
    this.records = messages;
  }

  get lastOffset(): number {
    return Number(this.payload.batch.lastOffset());
  }

  isStale(): boolean {
    return this.payload.isStale();
  }

  isRunning(): boolean {
    return this.payload.isRunning();
  }

  resolve({ offset }: FetchedRecord): void {
    this.payload.resolveOffset(String(offset));
  }

  heartbeat(): Promise<void> {
    return this.payload.heartbeat();
  }
}

function configOf(options: GroupConsumerOptions, { settings, protocol }: ConsumerHost): ConsumerConfig {
  const { partitionAssigners, retry } = settings.consumer ?? {};
  return {
    ...settings.consumer,
    maxWaitTimeInMs: options.maxWaitMs,
    partitionAssigners: partitionAssigners ?? assigners({ protocol, count: (topics) => options.count(topics) }),
    // kafkajs would restart silently and forget what was paused.
    retry: {
      ...(options.persistent ? { retries: FOR_EVER, ...retry } : RETRY),
      restartOnFailure: () => Promise.resolve(false),
    },
    groupId: options.groupId,
  };
}

const textOf = ({ topic, partition, offset, metadata }: PartitionOffset) => ({
  topic,
  partition,
  offset: String(offset),
  ...(metadata === undefined ? {} : { metadata }),
});

function byTopic(offsets: readonly PartitionOffset[]): OffsetsByTopicPartition {
  const topics = new Map<string, { partition: number; offset: string; metadata?: string }[]>();
  for (const { topic, ...one } of offsets.map(textOf)) {
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [one]);
    else partitions.push(one);
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
}
