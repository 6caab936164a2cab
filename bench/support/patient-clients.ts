import { Kafka, logLevel } from 'kafkajs';
import { connect, type NatsConnection } from 'nats';

/** A plain kafkajs client, which waits out every fault. */
export function patientKafka(brokers: readonly string[]): Kafka {
  const retry = { retries: 10_000, initialRetryTime: 50, maxRetryTime: 500 };
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry, requestTimeout: 5_000 });
}

/** A plain connection, which waits out every fault. */
export function patientNats(servers: string): Promise<NatsConnection> {
  return connect({ servers, waitOnFirstConnect: true, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
}
