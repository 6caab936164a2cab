import type { ICustomPartitioner, Message, PartitionMetadata, ProducerRecord, RecordMetadata } from 'kafkajs';
// kafkajs has no types for its insides.
// @ts-expect-error -- it has no types
import sendMessagesOf from 'kafkajs/src/producer/sendMessages.js';
// @ts-expect-error -- it has no types
import createRetry from 'kafkajs/src/retry/index.js';
// @ts-expect-error -- it has no types
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';

import type { Partitioner, Producer } from '../../../lib/kafka/driver/client/producer-port.js';
import { partitionerOf } from '../../../lib/kafka/driver/kafkajs/producer.js';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const CODES = { NOT_LEADER: 6, TIMED_OUT: 7, TOO_LARGE: 10, NOT_ENOUGH_REPLICAS: 19 } as const;

export type Fault = keyof typeof CODES;

interface Request {
  readonly node: number;
  readonly partitions: readonly { partition: number; messages: readonly Message[] }[];
}

/** Two nodes and one topic, under kafkajs's own sendMessages: what a one-node server never shows. */
export class FakeCluster {
  /** By partition. */
  leaders: number[];
  readonly written: Message[][];
  requests = 0;
  /** Called for each request: a fault is answered, and nothing is written. */
  before: (request: Request) => Fault | undefined = () => undefined;
  /** A fault is answered, though all is written. */
  after: (request: Request) => Fault | undefined = () => undefined;

  constructor(partitions: number) {
    this.leaders = Array.from({ length: partitions }, (_, index) => 1 + (index % 2));
    this.written = this.leaders.map(() => []);
  }

  /** kafkajs's `send`, with so many retries of its own. */
  sender(
    createPartitioner: ICustomPartitioner,
    retries: number,
  ): (record: ProducerRecord) => Promise<RecordMetadata[]> {
    const retrier = createRetry({ retries, initialRetryTime: 1, maxRetryTime: 1 });
    const partitioner = createPartitioner();
    const send = sendMessagesOf({ logger, cluster: this.cluster, partitioner, eosManager: eos, retrier });
    return ({ topic, messages }) => send({ acks: -1, topicMessages: [{ topic, messages }] });
  }

  /** The same as the library's producer does, without retries of kafkajs. */
  producer(topics: Partitioner): Producer['send'] {
    const send = this.sender(partitionerOf(topics), 0);
    return async (topic, records) => {
      const receipts = await send({ topic, messages: [...records] });
      return receipts.map(({ partition, baseOffset }) => ({ partition, baseOffset }));
    };
  }

  get values(): string[] {
    return this.written.flat().map(({ value }) => String(value));
  }

  private get metadata(): PartitionMetadata[] {
    return this.leaders.map((leader, partitionId) => ({
      partitionId,
      leader,
      partitionErrorCode: 0,
      replicas: [],
      isr: [],
    }));
  }

  private readonly nodes = [1, 2].map((nodeId) => ({
    nodeId,
    produce: async ({ topicData }: { topicData: { partitions: Request['partitions'] }[] }) =>
      this.produce(nodeId, topicData[0]!.partitions),
  }));

  private readonly cluster = {
    targetTopics: new Set<string>(),
    refreshMetadataIfNecessary: async () => undefined,
    refreshMetadata: async () => undefined,
    addMultipleTargetTopics: async () => undefined,
    removeBroker: () => undefined,
    isConnected: () => true,
    findTopicPartitionMetadata: () => this.metadata,
    findBroker: async ({ nodeId }: { nodeId: string }) => this.nodes[Number(nodeId) - 1],
    findLeaderForPartitions: (_topic: string, partitions: string[]) => {
      const found: Record<number, number[]> = {};
      for (const partition of partitions.map(Number)) {
        const leader = this.leaders[partition];
        // As kafkajs: a partition that is not there is left out.
        if (leader !== undefined) (found[leader] ??= []).push(partition);
      }
      return found;
    },
  };

  private produce(node: number, partitions: Request['partitions']): unknown {
    this.requests++;
    const request = { node, partitions };
    const refused =
      this.before(request) ??
      (partitions.some(({ partition }) => this.leaders[partition] !== node) ? 'NOT_LEADER' : undefined);
    if (refused !== undefined) throw createErrorFromCode(CODES[refused]);
    const answers = partitions.map(({ partition, messages }) => {
      const log = this.written[partition]!;
      const baseOffset = String(log.length);
      log.push(...messages);
      return { partition, errorCode: 0, baseOffset };
    });
    const failed = this.after(request);
    if (failed !== undefined) throw createErrorFromCode(CODES[failed]);
    return { topics: [{ topicName: 'topic', partitions: answers }] };
  }
}

const eos = {
  acquireBrokerLock: async () => undefined,
  releaseBrokerLock: async () => undefined,
  isTransactional: () => false,
  getSequence: () => 0,
  updateSequence: () => undefined,
  getProducerId: () => -1,
  getProducerEpoch: () => 0,
};
