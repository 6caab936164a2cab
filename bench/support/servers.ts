import { Kafka, logLevel } from 'kafkajs';
import { connect, headers, type MsgHdrs, type NatsConnection } from 'nats';

/** The servers under test; `npm run brokers:up` prints the lines to set. */
export const kafkaBrokers = (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',');
export const natsUrl = process.env['NATS_URL'] ?? 'nats://localhost:4222';

export function kafkaClient(): Kafka {
  return new Kafka({ brokers: kafkaBrokers, logLevel: logLevel.NOTHING });
}

export function natsClient(): Promise<NatsConnection> {
  return connect({ servers: natsUrl });
}

/** The key of a NATS message, as the library reads it. */
export function keyed(key: string): { headers: MsgHdrs } {
  const made = headers();
  made.set('message-key', key);
  return { headers: made };
}
