import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Broker, InjectBroker, MultiBrokerModule } from 'nestjs-multi-broker';
import { east, inMemory, west } from './brokers.js';
import { Mirror } from './mirror.js';

@Module({ imports: [MultiBrokerModule.forRoot([west, east], { inMemory })], providers: [Mirror] })
export class AppModule implements OnApplicationBootstrap {
  constructor(@InjectBroker('west') private readonly orders: Broker) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.orders.publish('orders', { text: 'Hi!' }, { key: 'customer-1' });
    await this.orders.publish('orders', { text: 'One more' }, { key: 'customer-1' });
  }
}
