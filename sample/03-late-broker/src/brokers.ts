import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';

/** `BROKERS=real` uses Kafka and NATS; without it every broker is its in-memory twin. */
export const inMemory = process.env['BROKERS'] !== 'real';

export const orders = kafkaBroker({
  name: 'orders',
  groupId: 'late',
  client: { brokers: (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',') },
});

/** Not listed in the module: it is added while the application runs. */
export const events = natsBroker({
  name: 'events',
  queue: 'late',
  client: { servers: process.env['NATS_URL'] ?? 'nats://localhost:4222' },
});
