import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, toStream } from 'nestjs-multi-broker/nats';
import type { Order } from '../support/messages.js';
import { kafkaBrokers, natsUrl } from '../support/servers.js';
import { Stopwatch, task, tell, work } from './task.js';

const { topic, target, count } = task();
const destination = process.env['ROUTE'] === 'jetstream' ? toStream(target) : target;
const watch = new Stopwatch();
let handled = 0;

@Injectable()
class Bridge {
  @Subscribe('orders', topic)
  @PublishTo('events', destination)
  forward(@Payload() value: Order): Promise<unknown> {
    watch.begin();
    handled++;
    return work(value);
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: `${topic}-library`, client: { brokers: kafkaBrokers } }),
      natsBroker({ name: 'events', client: { servers: natsUrl } }),
    ]),
  ],
  providers: [Bridge],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
const brokers = app.get(MultiBroker);

// Over when the last message is settled, which is after its output was confirmed. Not by `get()`: who has a broker may
// publish by hand, and from then on messages are followed, which on Node 20 costs each some 1.5 µs.
function look(): void {
  const unsettled = brokers.health().brokers[0]?.counts.unsettled;
  if (handled >= count && unsettled === 0) {
    const report = watch.report(handled);
    void app.close().then(() => tell(report));
  } else setTimeout(look, 1);
}
look();
