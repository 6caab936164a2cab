import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, toStream } from 'nestjs-multi-broker/nats';
import { kafkaBrokers } from '../support/servers.js';
import type { Setting } from './setting.js';
import { natsLibrary } from '../support/nats-library.js';

// The bridge that the faults hit, as a user would write it, in a process of its own.
const setting = JSON.parse(process.env['SETTING']!) as Setting;

@Injectable()
class Bridge {
  @Subscribe('orders', setting.topic)
  @PublishTo('events', setting.confirmed ? toStream(setting.subject) : setting.subject)
  async forward(@Payload() value: { id: number }): Promise<unknown> {
    // The parent may be gone first.
    process.send?.('handled', () => undefined);
    if (setting.handlerMs > 0) await new Promise((resolve) => setTimeout(resolve, setting.handlerMs));
    return { id: value.id };
  }
}

const source = kafkaBroker({ name: 'orders', groupId: setting.group, client: { brokers: kafkaBrokers } });
const target = natsBroker({
  name: 'events',
  library: natsLibrary,
  client: { servers: setting.natsUrl },
  critical: !setting.targetMayBeLate,
});

@Module({
  imports: [MultiBrokerModule.forRoot(setting.targetFirst ? [target, source] : [source, target])],
  providers: [Bridge],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
app.enableShutdownHooks();
process.send?.('started');
