import type { Admin, Kafka, Producer } from 'kafkajs';

/**
 * What `Broker.native()` gives of a Kafka broker: `broker.native() as KafkaNative`. It ends with the broker; what you
 * make of `kafka` yourself you end as well.
 */
export interface KafkaNative {
  /** The broker's own, connected. The broker makes another where kafkajs's cannot go on: do not keep it. */
  readonly producer: Producer;
  /** Connects when it is first used. */
  readonly admin: Admin;
  /** Makes consumers, producers and admins with the broker's connection options. */
  readonly kafka: Pick<Kafka, 'producer' | 'consumer' | 'admin'>;
}
