import type { Admin, Kafka, Producer } from 'kafkajs';

import { commonJsExports, type CommonJsModule, loadPeer } from '../driver/index.js';

/** The kafkajs package. */
export type Kafkajs = typeof import('kafkajs');

type Importer = () => Promise<CommonJsModule<Kafkajs>>;

/** Loads the optional peer kafkajs. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed. */
export async function loadClient(broker: string, load: Importer = () => import('kafkajs')): Promise<Kafkajs> {
  return commonJsExports(await loadPeer('kafkajs', broker, load));
}

/**
 * The clients that `Broker.native()` of a Kafka broker gives: `broker.native() as KafkaNative`. They end with the
 * broker; clients that you make with `kafka` you end yourself.
 */
export interface KafkaNative {
  /** The broker's own producer, connected. Do not keep it: the broker replaces one that cannot go on. */
  readonly producer: Producer;
  /** Connects on first use. */
  readonly admin: Admin;
  /** Makes consumers, producers and admins with the broker's connection options. */
  readonly kafka: Pick<Kafka, 'producer' | 'consumer' | 'admin'>;
}
