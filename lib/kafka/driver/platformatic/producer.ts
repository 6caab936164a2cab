import { asError } from '../../../errors/index.js';
import type { Partitioner, Producer, TopicPartition } from '../client/producer-port.js';
import type { RecordHeaders } from '../../record-headers.js';
import type { PartitionReceipt, RecordToWrite } from '../client/records.js';
import { explained, InternalTopic, protocolError, Unsent } from './failures.js';
import type { BytesProducer, PlatformaticProducerOptions } from '../../platformatic/options.js';
import type { PendingRequests } from './pending.js';

type Metadata = Awaited<ReturnType<BytesProducer['metadata']>>;
type TopicMetadata = NonNullable<ReturnType<Metadata['topics']['get']>>;

/** Writes by @platformatic/kafka's producer, which retries nothing here: its own retry repeats what may be written. */
export class ProducerOfPlatformatic implements Producer {
  /** The client keeps a topic's metadata as one object until it has newer ones. */
  private readonly partitions = new WeakMap<TopicMetadata, readonly TopicPartition[]>();

  constructor(
    private readonly producer: BytesProducer,
    private readonly partitioner: Partitioner,
    private readonly options: PlatformaticProducerOptions,
    private readonly pending: PendingRequests,
  ) {}

  get native(): BytesProducer {
    return this.producer;
  }

  async connect(): Promise<void> {
    try {
      await this.pending.watch(METADATA, this.producer.metadata({ topics: [], forceUpdate: true }));
    } catch (thrown) {
      throw explained(thrown);
    }
  }

  async send(topic: string, records: readonly RecordToWrite[]): Promise<readonly PartitionReceipt[]> {
    const partitions = await this.partitionsOf(topic);
    for (const record of records) record.partition = this.partitioner.pick(topic, partitions, record);
    try {
      const { offsets = [] } = await this.pending.watch('a produce request', this.write(topic, records));
      return offsets.map(receipt);
    } catch (thrown) {
      this.producer.clearMetadata();
      const written = writtenBy(thrown);
      if (written.length > 0) return written;
      throw asError(thrown);
    }
  }

  async disconnect(): Promise<void> {
    await this.producer.close();
  }

  /** It asks for the metadata of the topics of a send alone. */
  mayBePoisoned(): boolean {
    return false;
  }

  private async partitionsOf(topic: string): Promise<readonly TopicPartition[]> {
    const { autocreateTopics = true } = this.options;
    try {
      const asked = this.producer.metadata({ topics: [topic], autocreateTopics });
      const { topics } = await this.pending.watch(METADATA, asked);
      const known = topics.get(topic);
      if (known === undefined) throw new InternalTopic(topic);
      return this.listOf(known);
    } catch (thrown) {
      this.producer.clearMetadata();
      throw new Unsent(asError(thrown));
    }
  }

  private listOf(topic: TopicMetadata): readonly TopicPartition[] {
    const known = this.partitions.get(topic);
    if (known !== undefined) return known;
    const list = topic.partitions.map(({ leader }, partitionId) => ({ partitionId, leader }));
    this.partitions.set(topic, list);
    return list;
  }

  private write(topic: string, records: readonly RecordToWrite[]): ReturnType<BytesProducer['send']> {
    return this.producer.send({
      // By default the client is content with the leader's word.
      acks: ALL,
      repeatOnStaleMetadata: false,
      autocreateTopics: false,
      messages: records.map((record) => messageOf(topic, record)),
    } as Parameters<BytesProducer['send']>[0]);
  }
}

const METADATA = 'a question about the cluster';
const ALL = -1;

const receipt = ({ partition, offset }: { partition: number; offset: bigint }): PartitionReceipt => ({
  partition,
  baseOffset: offset,
});

/** Of one partition, as a server has answered. */
interface Answer {
  readonly index: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
}

interface SendError {
  /** What other servers have written. */
  readonly produced?: { readonly offsets?: readonly { partition: number; offset: bigint }[] };
  readonly errors?: readonly unknown[];
  readonly response?: { readonly responses?: readonly { readonly partitionResponses: readonly Answer[] }[] };
}

/**
 * The partitions that were written though the send has failed, where every server has answered: those without a receipt were
 * refused then. An answer that did not come may have been written.
 */
function writtenBy(thrown: unknown): PartitionReceipt[] {
  const { produced, errors = [] } = thrown as SendError;
  const answers = [thrown, ...errors].flatMap((error) => (error as SendError).response?.responses ?? []);
  const failures = errors.filter((error) => protocolError(error) === undefined);
  if (answers.length === 0 || failures.length > 0) return [];
  const sound = answers.flatMap(({ partitionResponses }) =>
    partitionResponses.filter(({ errorCode }) => errorCode === 0),
  );
  const here = sound.map(({ index: partition, baseOffset }) => ({ partition, baseOffset }));
  return [...(produced?.offsets ?? []).map(receipt), ...here];
}

function messageOf(topic: string, { key = null, value, headers, partition }: RecordToWrite): object {
  return { topic, partition, key: bytes(key), value: bytes(value), headers: headersOf(headers) };
}

/** In the client's map each name is an object of its own, so that a header can be repeated. */
function headersOf(headers: RecordHeaders | undefined): Map<Buffer, Buffer | null> {
  const found = new Map<Buffer, Buffer | null>();
  if (headers === undefined) return found;
  for (const name in headers)
    for (const value of [headers[name] ?? []].flat()) found.set(Buffer.from(name), bytes(value));
  return found;
}

const bytes = (value: string | Buffer | null): Buffer | null =>
  typeof value === 'string' ? Buffer.from(value) : value;
