import 'reflect-metadata';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientsModule,
  EventPattern,
  type MicroserviceOptions,
  Payload,
  type ClientProviderOptions,
  Transport,
} from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { Order } from '../support/messages.js';
import { kafkaBrokers, natsUrl } from '../support/servers.js';
import { Stopwatch, task, tell, work } from '../support/task.js';

// A hybrid application of Nest's own transports, as its documentation shows it: each `emit` is awaited.
const asked = task();
const watch = new Stopwatch();
let handled = 0;

@Controller()
class Bridge {
  constructor(@Inject('TARGET') private readonly target: ClientProxy) {}

  @EventPattern(asked.source)
  async forward(@Payload() value: unknown): Promise<void> {
    await lastValueFrom(this.target.emit(asked.target, await work(value as Order)), { defaultValue: undefined });
    if (++handled === asked.count) tell(watch.report(handled));
  }
}

const client = { brokers: kafkaBrokers, logLevel: 0 };
const target: ClientProviderOptions =
  asked.to === 'kafka'
    ? { name: 'TARGET', transport: Transport.KAFKA, options: { client, producerOnlyMode: true } }
    : { name: 'TARGET', transport: Transport.NATS, options: { servers: [natsUrl] } };

@Module({ imports: [ClientsModule.register([target])], controllers: [Bridge] })
class AppModule {}

watch.beginWithFirstFetch(asked.from);
const app = await NestFactory.create(AppModule, { logger: ['error'] });
app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.KAFKA,
  options: { client, consumer: { groupId: asked.id }, subscribe: { fromBeginning: true } },
});
await app.startAllMicroservices();
