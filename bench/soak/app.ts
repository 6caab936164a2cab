import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';
import { DURABLE, GROUP, IN, OUT, type Setting, STREAM, SUBJECT, type Travelling } from './setting.js';

// One replica of a bridge both ways, Kafka → JetStream → Kafka, in a process of its own.
const { kafka, nats, failing } = JSON.parse(process.env['SETTING']!) as Setting;

@Injectable()
class Bridge {
  @Subscribe('orders', IN)
  @PublishTo('events', toStream(SUBJECT))
  async there(@Payload() value: Travelling): Promise<Travelling> {
    return this.work(value);
  }

  @Subscribe('events', stream(STREAM, { durable: DURABLE, subjects: [SUBJECT], ackWaitMs: 5_000 }))
  @PublishTo('orders', OUT, { key: (value) => (value as Travelling).key })
  async back(@Payload() value: Travelling): Promise<Travelling> {
    return this.work(value);
  }

  private async work({ id, key }: Travelling): Promise<Travelling> {
    if (Math.random() * 1_000 < failing) throw new Error('A handler fails now and then');
    if (Math.random() < 0.01) await new Promise((resolve) => setTimeout(resolve, 5));
    return { id, key };
  }
}

const client = { brokers: [...kafka] };
const orders = kafkaBroker({ name: 'orders', groupId: GROUP, client, consumer: { sessionTimeout: 6_000 } });
const events = natsBroker({ name: 'events', client: { servers: nats } });

@Module({ imports: [MultiBrokerModule.forRoot([orders, events])], providers: [Bridge] })
class AppModule {}

try {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  app.enableShutdownHooks();
  process.send?.('started');
} catch {
  // A broker is down: as under an orchestrator, the process ends and is started again.
  process.exit(75);
}
