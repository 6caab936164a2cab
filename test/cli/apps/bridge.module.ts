import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';

// What an application prints while it is loaded, and what keeps its process up.
if (process.env['NOISY'] === '1') {
  console.log('printed by the application');
  setInterval(() => undefined, 1_000);
}

@Injectable()
class Bridge {
  @Subscribe('orders', 'incoming', { concurrency: 4 })
  @PublishTo('events', toStream('orders.created'))
  fromKafka(@Payload() order: object): object {
    return order;
  }

  @Subscribe('events', stream('ORDERS', { durable: 'billing', subjects: ['orders.>'] }), { batch: { maxSize: 100 } })
  fromStream(@Payload() _orders: object[]): void {}

  @Subscribe('events', 'prices', { queue: 'pricing' })
  fromCore(@Payload() _price: object): void {}
}

/** What a command must not run. */
@Injectable()
class Hooks implements OnModuleInit {
  onModuleInit(): void {
    throw new Error('a hook was called');
  }
}

const { KAFKA_BROKERS = 'kafka.test:9092', NATS_URL = 'nats://nats.test:4222', RUN_ID = '' } = process.env;

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({
        name: 'orders',
        groupId: `bridge${RUN_ID}`,
        prefix: RUN_ID,
        topics: { incoming: { partitions: 6 } },
        deadLetter: { broker: 'orders', destination: 'dead' },
        client: { brokers: KAFKA_BROKERS.split(',') },
      }),
      natsBroker({
        name: 'events',
        prefix: RUN_ID,
        client: { servers: NATS_URL, user: 'bridge', pass: 'secret-of-nats' },
      }),
    ]),
  ],
  providers: [Bridge, Hooks],
})
export class AppModule {}
