import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, Payload, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { Stopwatch, task, tell } from '../bridge/task.js';
import type { Order } from '../support/messages.js';
import { kafkaBrokers } from '../support/servers.js';
import { LARGEST_BATCH, SIDE_BY_SIDE, write } from './job.js';

const { topic, count } = task();
const watch = new Stopwatch();
let handled = 0;

@Injectable()
class Writer {
  @Subscribe('orders', topic, { batch: { maxSize: LARGEST_BATCH }, concurrency: SIDE_BY_SIDE })
  async write(@Payload() orders: readonly Order[]): Promise<void> {
    watch.begin();
    await write();
    handled += orders.length;
  }
}

const client = { brokers: kafkaBrokers };
@Module({
  imports: [MultiBrokerModule.forRoot([kafkaBroker({ name: 'orders', groupId: `${topic}-library`, client })])],
  providers: [Writer],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const brokers = app.get(MultiBroker);

function look(): void {
  if (handled < count || brokers.health().brokers[0]?.counts.unsettled !== 0) {
    setTimeout(look, 1);
    return;
  }
  const report = watch.report(handled);
  void app.close().then(() => tell(report));
}
look();
