import type { Driver } from '../../driver/index.js';
import type { KafkaSettings } from '../options.js';
import { KafkaTwin } from './kafka-twin.js';

export type { TwinRawRecord } from './raw-record.js';

/** Makes the in-memory twin of a Kafka broker. What concerns the connection alone has no say here. */
export function createKafkaTwin(options: KafkaSettings): Driver {
  return new KafkaTwin(options);
}
