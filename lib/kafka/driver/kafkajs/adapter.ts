import type { Kafkajs } from '../../load-client.js';
import type { KafkaBrokerOptions } from '../../options.js';
import type { ClientSettings, KafkaClient } from '../client/client-port.js';
import { boundGunzip } from './bounded-gunzip.js';
import { clientMaker } from './client.js';
import { failures } from './failures.js';
import { RETRY } from './retry.js';

const MAX_DECOMPRESSED_BYTES = 32 * 1024 * 1024;
/** An idle `disconnect()` takes as long; kafkajs's default is 5,000. */
const LONG_POLL_MS = 250;

/** kafkajs, with the options of one broker. */
export function kafkajsClient(kafkajs: Kafkajs, options: KafkaBrokerOptions): KafkaClient {
  return {
    name: 'kafkajs',
    settings: settingsOf(options),
    failures,
    maker: (io) => {
      boundGunzip(kafkajs, options.maxDecompressedBytes ?? MAX_DECOMPRESSED_BYTES);
      return clientMaker(kafkajs, options, io);
    },
  };
}

/** With kafkajs's own defaults. */
function settingsOf({ client, consumer = {}, producer = {} }: KafkaBrokerOptions): ClientSettings {
  const { brokers } = client;
  const idempotent = producer.idempotent === true;
  const retries = producer.retry?.retries ?? client.retry?.retries ?? RETRY.retries;
  return {
    server: typeof brokers === 'function' ? undefined : brokers[0],
    sessionTimeoutMs: consumer.sessionTimeout ?? 30_000,
    rebalanceTimeoutMs: consumer.rebalanceTimeout ?? 60_000,
    maxWaitMs: consumer.maxWaitTimeInMs ?? LONG_POLL_MS,
    idempotent,
    sendRetries: idempotent ? 0 : retries,
  };
}
