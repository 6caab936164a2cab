import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { Stopwatch, task, tell } from '../support/task.js';
import { order } from '../support/messages.js';
import { kafkaBrokers } from '../support/servers.js';
import { PUBLISHED_AT_ONCE } from './job.js';

// 1,000 publishes at once, each with a promise of its own.
const { target: topic, count } = task();
const root = MultiBrokerModule.forRoot([kafkaBroker({ name: 'orders', client: { brokers: kafkaBrokers } })]);
const app = await NestFactory.createApplicationContext(root, { logger: ['error'] });
const orders = app.get(MultiBroker).get('orders');
const watch = new Stopwatch();
watch.begin();
for (let from = 0; from < count; from += PUBLISHED_AT_ONCE) {
  const length = Math.min(PUBLISHED_AT_ONCE, count - from);
  await Promise.all(
    Array.from({ length }, (_, index) => orders.publish(topic, order(from + index), { key: String(from + index) })),
  );
}
const report = watch.report(count);
await app.close();
tell(report);
