import type { ICustomPartitioner, Producer as ProducerOfKafkajs, ProducerConfig } from 'kafkajs';
import type { Partitioner, Producer } from '../client/producer-port.js';
import type { PartitionReceipt, RecordToWrite } from '../client/records.js';
import { methodOf } from './client-methods.js';
import type { ClientParts } from './client-parts.js';

/** Some 20 s. kafkajs's default has no limit. */
const IDEMPOTENT_RETRIES = 8;

/** kafkajs's producer. */
export class KafkajsProducer implements Producer {
  readonly native: ProducerOfKafkajs;
  private readonly sendByClient: ProducerOfKafkajs['send'];
  private hasWritten = false;

  constructor({ io, settings, kafka, unanswered }: ProducerHost, partitioner: Partitioner) {
    const native = (this.native = kafka.producer(configOf(settings.producer, partitioner)));
    this.sendByClient = methodOf(native, 'send', io);
    native.on(native.events.REQUEST_TIMEOUT, ({ payload: { broker, apiName, sentAt } }) => {
      unanswered.timedOut(broker, apiName, sentAt);
    });
  }

  connect(): Promise<void> {
    return this.native.connect();
  }

  async send(topic: string, records: readonly RecordToWrite[]): Promise<readonly PartitionReceipt[]> {
    const receipts = await this.sendByClient({ acks: -1, topic, messages: records as RecordToWrite[] });
    this.hasWritten = true;
    return receipts.map(({ partition, baseOffset, offset }) => ({ partition, baseOffset: baseOffset ?? offset }));
  }

  disconnect(): Promise<void> {
    return this.native.disconnect();
  }

  /** Each of its metadata requests asks for all topics that it has written to (kafkajs #1622, #651). */
  mayBePoisoned(): boolean {
    return this.hasWritten;
  }
}

type ProducerHost = Pick<ClientParts, 'io' | 'settings' | 'kafka' | 'unanswered'>;

function configOf({ retry, ...options }: ProducerConfig = {}, partitioner: Partitioner): ProducerConfig {
  const idempotent = options.idempotent === true;
  return {
    ...options,
    createPartitioner: partitionerOf(partitioner),
    // One attempt, so that its outcome is known. An idempotent producer has to repeat under the same sequence.
    retry: idempotent ? { retries: IDEMPOTENT_RETRIES, ...retry } : { retries: 0 },
    ...(idempotent ? { maxInFlightRequests: 1 } : {}),
  };
}

/** kafkajs tells the partitions of a topic to its partitioner alone: so the driver's is called as one. */
export const partitionerOf =
  (partitioner: Partitioner): ICustomPartitioner =>
  () =>
  ({ topic, partitionMetadata, message }) =>
    partitioner.pick(topic, partitionMetadata, message as RecordToWrite);
