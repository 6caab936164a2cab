import { Injectable, Module } from '@nestjs/common';
import { MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';

@Injectable()
class Bridge {
  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'orders.created')
  copy(@Payload() order: object): object {
    return order;
  }
}

/** Nobody listens on port 1. */
@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: 'bridge', client: { brokers: ['127.0.0.1:1'] } }),
      natsBroker({ name: 'events', client: { servers: '127.0.0.1:1', user: 'bridge', pass: 'secret-of-nats' } }),
    ]),
  ],
  providers: [Bridge],
})
export class AppModule {}
