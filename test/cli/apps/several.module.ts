import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';

const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['kafka.test:9092'] } });

@Module({ imports: [MultiBrokerModule.forRoot([orders])] })
export class ShopModule {}

/** Without brokers. */
@Module({ imports: [] })
export class AdminModule {}

export const settings = { name: 'no module' };
