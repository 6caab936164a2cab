// An HTTP application that bridges Kafka to JetStream, in a process of its own: see ../one-trace.spec.ts.
import 'reflect-metadata';
import { Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Kafka, logLevel } from 'kafkajs';
import { type Broker, InjectBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../../../lib/index.js';
import { kafkaBroker } from '../../../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../../../lib/nats/index.js';
import { TelemetryModule } from '../../../../lib/telemetry/index.js';

const { kafka, nats, library, topic, other, groupId, subject, streamName } = JSON.parse(process.argv[2] ?? '{}');

@Controller()
class Orders {
  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  @Post('orders')
  async order() {
    await this.orders.publish(topic, { id: 1 }, { key: 'one' });
    await this.byItself();
  }

  /** The application's own use of kafkajs keeps its instrumentation. */
  private async byItself(): Promise<void> {
    const producer = new Kafka({ brokers: kafka, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic: other, messages: [{ value: 'own' }] });
    await producer.disconnect();
  }

  @Subscribe('orders', topic)
  @PublishTo('events', toStream(subject))
  async bridge(@Payload() order: { id: number }) {
    await Promise.resolve();
    return order;
  }

  @Subscribe('events', stream(streamName, { durable: 'd', subjects: [subject], storage: 'memory' }))
  read() {
    process.send?.('handled');
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId, client: { brokers: kafka } }),
      natsBroker({ name: 'events', library, client: { servers: nats } }),
    ]),
    TelemetryModule.forRoot(),
  ],
  controllers: [Orders],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  process.once('message', () => void app.close().then(() => process.emit('SIGUSR2')));
  process.send?.(await app.getUrl());
}

void main();
