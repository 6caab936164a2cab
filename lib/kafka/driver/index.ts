import type { Driver } from '../../driver/index.js';
import type { KafkaClient } from '../load-client.js';
import type { KafkaBrokerOptions } from '../options.js';
import { KafkaDriver } from './kafka-driver.js';

/** The driver of one broker, not connected. */
export function createKafkaDriver(kafkajs: KafkaClient, options: KafkaBrokerOptions): Driver {
  return new KafkaDriver(kafkajs, options);
}
