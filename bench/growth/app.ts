import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker, topic } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';
import type { Order } from '../support/messages.js';
import { kafkaBrokers, natsUrl } from '../support/servers.js';
import { ready, Stopwatch, task, tell, work } from '../support/task.js';
import { type GrowthReport, type GrowthTask, topicOf } from './job.js';

// An application of the asked shape, from its start to the last message; without messages, its start alone.
const { shape, source, target, count, id } = task() as GrowthTask;
const started = { at: performance.now(), cpu: process.cpuUsage() };
const watch = new Stopwatch();
const names = Array.from({ length: shape.brokers }, (_, index) => `kafka${String(index)}`);
let handled = 0;

@Injectable()
class Bridge {}

const handle = async (value: Order): Promise<unknown> => {
  handled++;
  return work(value);
};

for (let index = 0; index < shape.handlers; index++) {
  const name = `handle${String(index)}`;
  Object.defineProperty(Bridge.prototype, name, { value: handle.bind(undefined), configurable: true, writable: true });
  const descriptor = Object.getOwnPropertyDescriptor(Bridge.prototype, name)!;
  Payload()(Bridge.prototype, name, 0);
  PublishTo('nats', target)(Bridge.prototype, name, descriptor);
  if (shape.subjects > 0) Subscribe('nats', `${source}.*`)(Bridge.prototype, name, descriptor);
  else {
    const from = topic(topicOf(source, index), { groupId: `${id}-${String(index % shape.groups)}` });
    Subscribe(names[index % names.length]!, from)(Bridge.prototype, name, descriptor);
  }
}

const kafka = names.map((name) => kafkaBroker({ name, groupId: `${id}-${name}`, client: { brokers: kafkaBrokers } }));
const nats = natsBroker({ name: 'nats', client: { servers: natsUrl } });

@Module({
  imports: [MultiBrokerModule.forRoot(shape.subjects > 0 ? [nats] : [...kafka, nats])],
  providers: [Bridge],
})
class AppModule {}

watch.beginWithFirstFetch(shape.subjects > 0 ? 'core' : 'kafka');
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const startMs = performance.now() - started.at;
const { user, system } = process.cpuUsage(started.cpu);
const start = { startMs, startCpuMs: (user + system) / 1_000 };
const health = app.get(MultiBroker);
if (shape.subjects > 0) ready();

function look(): void {
  const settled = health.health().brokers.every(({ counts }) => counts.unsettled === 0);
  if (handled < count || !settled) {
    setTimeout(look, 5);
    return;
  }
  watch.begin();
  const report: GrowthReport = { ...watch.report(handled), ...start };
  void app.close().then(() => tell(report));
}
look();
