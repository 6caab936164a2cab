// The options have types although `kafkajs` is not installed, and those of the client fit.
import type { BaseOptions } from '@platformatic/kafka';
import { kafkaBroker, type PlatformaticBrokerOptions } from 'nestjs-multi-broker/kafka/platformatic';

const tls: BaseOptions['tls'] = { ca: 'ca' };
const options: PlatformaticBrokerOptions = {
  name: 'orders',
  client: { bootstrapBrokers: ['a:9092'], tls, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } },
  consumer: { groupProtocol: 'consumer' },
  producer: { compression: 'zstd' },
};
kafkaBroker(options);

// @ts-expect-error -- an option of kafkajs
kafkaBroker({ name: 'orders', client: { brokers: ['a:9092'] } });
