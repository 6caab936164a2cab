import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';
import { Bridge } from './bridge.js';

const {
  KAFKA_BROKERS = 'localhost:9092',
  NATS_URL = 'nats://localhost:4222',
  RUN_ID = 'local',
  IN_MEMORY,
} = process.env;

@Module({
  imports: [
    MultiBrokerModule.forRoot(
      [
        kafkaBroker({
          name: 'orders',
          groupId: `smoke.${RUN_ID}`,
          client: { brokers: KAFKA_BROKERS.split(',') },
          addresses: { incoming: `smoke.incoming.${RUN_ID}` },
        }),
        natsBroker({
          name: 'events',
          client: { servers: NATS_URL },
          addresses: { outgoing: `smoke.outgoing.${RUN_ID}` },
        }),
      ],
      { inMemory: IN_MEMORY === '1' },
    ),
  ],
  providers: [Bridge],
})
export class AppModule {}
