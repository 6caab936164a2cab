import { Injectable, Module } from '@nestjs/common';
import { MultiBrokerModule, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';

@Injectable()
class Mistaken {
  @Subscribe('order', 'incoming')
  elsewhere(): void {}

  @PublishTo('orders', 'outgoing')
  never(): string {
    return '';
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['kafka.test:9092'] } }),
    ]),
  ],
  providers: [Mistaken],
})
export class ShopModule {}
