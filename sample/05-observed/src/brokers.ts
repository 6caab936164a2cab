import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';

/** `BROKERS=real` uses Kafka and NATS; without it every broker is its in-memory twin. */
export const inMemory = process.env['BROKERS'] !== 'real';

export const orders = kafkaBroker({
  name: 'orders',
  groupId: 'observed',
  topics: { 'sample-orders': { partitions: 1 } },
  // An order that cannot be priced is parked after its second attempt.
  deadLetter: { broker: 'events', destination: toStream('observed.parked') },
  retry: { attempts: 2, delayMs: 100 },
  client: { brokers: (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',') },
});

export const events = natsBroker({
  name: 'events',
  client: { servers: process.env['NATS_URL'] ?? 'nats://localhost:4222' },
});

/** Streams are created by the handlers that read them. */
export const priced = stream('SAMPLE_OBSERVED', { durable: 'shipping', subjects: ['observed.priced'] });
export const parked = stream('SAMPLE_OBSERVED_PARKED', { durable: 'alarm', subjects: ['observed.parked'] });
