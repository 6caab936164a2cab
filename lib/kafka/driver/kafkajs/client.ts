import type { Admin as AdminOfKafkajs, Producer as ProducerOfKafkajs } from 'kafkajs';
import type { DriverContext } from '../../../driver/index.js';
import type { Kafkajs, KafkaNative } from '../../load-client.js';
import type { KafkaBrokerOptions } from '../../options.js';
import type { Admin } from '../client/admin-port.js';
import type { Client, ClientHooks } from '../client/client-port.js';
import type { ConsumerListeners, GroupConsumer, GroupConsumerOptions } from '../client/consumer-port.js';
import type { Partitioner, Producer } from '../client/producer-port.js';
import { KafkajsAdmin } from './admin.js';
import { ClientLog } from './client-log.js';
import type { ClientParts } from './client-parts.js';
import { KafkajsConsumer } from './consumer.js';
import { writeProduceRequests } from './produce-requests.js';
import { KafkajsProducer } from './producer.js';
import { RETRY } from './retry.js';
import { calmTimers, Sockets } from './sockets.js';
import { UnansweredRequests } from './unanswered-requests.js';

/** A kafkajs client and its connections. */
export class KafkajsClient implements Client {
  /** Of {@link native}. */
  private nativeAdmin: AdminOfKafkajs | undefined;

  constructor(readonly parts: ClientParts) {}

  admin({ retries }: { readonly retries?: number } = {}): Admin {
    const { kafka, protocol } = this.parts;
    return new KafkajsAdmin(kafka.admin(retries === undefined ? {} : { retry: { retries } }), protocol);
  }

  consumer(options: GroupConsumerOptions, listeners: ConsumerListeners): GroupConsumer {
    const { log, unanswered } = this.parts;
    unanswered.longPollMs = options.maxWaitMs;
    const consumer = new KafkajsConsumer(this.parts, options, listeners);
    log.listener = (entry) => consumer.logged(entry);
    return consumer;
  }

  producer(partitioner: Partitioner): Producer {
    return new KafkajsProducer(this.parts, partitioner);
  }

  unansweredIssue(): string | undefined {
    return this.parts.unanswered.issue();
  }

  kill(): void {
    this.parts.sockets.kill();
  }

  native({ native }: Pick<Producer, 'native'>): KafkaNative {
    const { kafka } = this.parts;
    this.nativeAdmin ??= kafka.admin();
    return { producer: native as ProducerOfKafkajs, admin: this.nativeAdmin, kafka };
  }
}

/** Makes the clients of one broker: each session of a consumer or producer has its own, which ends with it. */
export function clientMaker(
  kafkajs: Kafkajs,
  options: KafkaBrokerOptions,
  io: DriverContext,
): (hooks?: ClientHooks) => KafkajsClient {
  return (hooks = {}) => {
    const { client } = options;
    const sockets = new Sockets(() => hooks.lost?.(), client.socketFactory);
    const log = new ClientLog(client, io.log);
    const { brokers } = client;
    const kafka = new kafkajs.Kafka({
      clientId: 'nestjs-multi-broker',
      ...client,
      // Not the user's level: the adapter needs errors and warnings.
      logLevel: client.logLevel === kafkajs.logLevel.DEBUG ? kafkajs.logLevel.DEBUG : kafkajs.logLevel.INFO,
      retry: { ...RETRY, ...client.retry, ...(hooks.retries === undefined ? {} : { retries: hooks.retries }) },
      // Without brokers kafkajs fails without a retry; otherwise it would keep dialling for a killed client.
      brokers: async () => (sockets.killed ? [] : typeof brokers === 'function' ? await brokers() : brokers),
      socketFactory: sockets.make,
      logCreator: log.creator,
    });
    if (options.calmTimers !== false) calmTimers(kafka);
    writeProduceRequests(kafka, kafkajs.CompressionCodecs);
    const unanswered = new UnansweredRequests();
    unanswered.watch(kafka);
    const { AssignerProtocol: protocol } = kafkajs;
    return new KafkajsClient({ io, settings: options, protocol, kafka, log, unanswered, sockets });
  };
}
