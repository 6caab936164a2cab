import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';

/** `BROKERS=real` uses Kafka and NATS; without it every broker is its in-memory twin. */
export const inMemory = process.env['BROKERS'] !== 'real';

export const orders = kafkaBroker({
  name: 'orders',
  groupId: 'bridge',
  client: { brokers: (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',') },
});

export const events = natsBroker({
  name: 'events',
  queue: 'bridge',
  client: { servers: process.env['NATS_URL'] ?? 'nats://localhost:4222' },
});
