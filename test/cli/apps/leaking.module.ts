import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';

const addresses = { incoming: 'kafka://user:hunter/2@pass@kafka.test:9092' };

/** A URL with a password where a topic belongs. */
@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['kafka.test:9092'] }, addresses }),
    ]),
  ],
})
export class AppModule {}
