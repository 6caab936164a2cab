import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';

/** `BROKERS=real` uses Kafka and NATS; without it every broker is its in-memory twin. */
export const inMemory = process.env['BROKERS'] !== 'real';

export const shop = kafkaBroker({
  name: 'shop',
  groupId: 'payments',
  // A payment that cannot be handled is parked after its second attempt.
  deadLetter: { broker: 'parking', destination: toStream('dead.payments') },
  retry: { attempts: 2, delayMs: 100 },
  topics: { 'sample-payments': { partitions: 1 } },
  client: { brokers: (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',') },
});

export const parking = natsBroker({
  name: 'parking',
  client: { servers: process.env['NATS_URL'] ?? 'nats://localhost:4222' },
});

/** Where dead letters are: the stream is created by the handler that reads it. */
export const deadLetters = stream('SAMPLE_DEAD_LETTERS', { durable: 'alarm', subjects: ['dead.>'] });
