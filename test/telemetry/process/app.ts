// An application on twins that bridges Kafka to JetStream, in a process of its own: see ../documented.spec.ts.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';
import { TelemetryModule } from '../../../lib/telemetry/index.js';

@Injectable()
class Bridge {
  @Subscribe('orders', 'incoming')
  @PublishTo('events', toStream('outgoing'))
  pass(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', stream('OUTGOING', { durable: 'reader', subjects: ['outgoing'] }))
  read() {
    process.send?.('handled');
  }
}

const brokers = [
  kafkaBroker({ name: 'orders', groupId: 'bridge', client: { brokers: ['localhost:9092'] } }),
  natsBroker({ name: 'events', client: {} }),
];

@Module({
  imports: [MultiBrokerModule.forRoot(brokers, { inMemory: true }), TelemetryModule.forRoot()],
  providers: [Bridge],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  await app.get(MultiBroker).get('orders').publish('incoming', 'tea');
}

void main();
