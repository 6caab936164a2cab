import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, Payload, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { Tally } from '../support/tally.js';
import { Stopwatch, task, tell } from '../support/task.js';
import type { Order } from '../support/messages.js';
import { kafkaBrokers } from '../support/servers.js';
import { LARGEST_BATCH, SIDE_BY_SIDE, write } from './job.js';

const { source: topic, id, count } = task();
const watch = new Stopwatch();
const tally = new Tally(count);
let handled = 0;

@Injectable()
class Writer {
  @Subscribe('orders', topic, { batch: { maxSize: LARGEST_BATCH }, concurrency: SIDE_BY_SIDE })
  async write(@Payload() orders: readonly Order[]): Promise<void> {
    await write();
    handled += orders.length;
    for (const order of orders) tally.see(order.id);
  }
}

const client = { brokers: kafkaBrokers };
@Module({
  imports: [MultiBrokerModule.forRoot([kafkaBroker({ name: 'orders', groupId: id, client })])],
  providers: [Writer],
})
class AppModule {}

watch.beginWithFirstFetch('kafka');
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const brokers = app.get(MultiBroker);

function look(): void {
  if (handled < count || brokers.health().brokers[0]?.counts.unsettled !== 0) {
    setTimeout(look, 1);
    return;
  }
  const report = { ...watch.report(handled), seen: tally.read() };
  void app.close().then(() => tell(report));
}
look();
