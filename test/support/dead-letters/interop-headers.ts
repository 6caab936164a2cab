import type { DeadLetterOptions } from 'nestjs-multi-broker';

type LetterHeaders = NonNullable<DeadLetterOptions['headers']>;

/** The part of kafkajs's record that the headers need. */
interface KafkaRecord {
  readonly partition: number;
  readonly message: { readonly offset: string; readonly timestamp: string };
}

/** As Spring Kafka's DeadLetterPublishingRecoverer writes them: its numbers are big-endian bytes. */
export const springHeaders = (groupId: string): LetterHeaders => {
  return (error, { source, message: { raw } }) => {
    const { partition, message } = raw as KafkaRecord;
    return [
      ['kafka_dlt-original-topic', source],
      ['kafka_dlt-original-partition', int32(partition)],
      ['kafka_dlt-original-offset', int64(message.offset)],
      ['kafka_dlt-original-timestamp', int64(message.timestamp)],
      ['kafka_dlt-original-timestamp-type', 'CreateTime'],
      ['kafka_dlt-original-consumer-group', groupId],
      ['kafka_dlt-exception-fqcn', error.constructor.name],
      ['kafka_dlt-exception-message', error.message],
    ];
  };
};

/** As Kafka Connect writes them with errors.deadletterqueue.context.headers.enable: all of them are texts. */
export const connectHeaders = (name: string): LetterHeaders => {
  return (error, { source, message: { raw } }) => {
    const { partition, message } = raw as KafkaRecord;
    return {
      '__connect.errors.topic': source,
      '__connect.errors.partition': String(partition),
      '__connect.errors.offset': message.offset,
      '__connect.errors.connector.name': name,
      '__connect.errors.task.id': '0',
      '__connect.errors.stage': 'TASK_PUT',
      '__connect.errors.class.name': name,
      '__connect.errors.exception.class.name': error.constructor.name,
      '__connect.errors.exception.message': error.message,
    };
  };
};

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
