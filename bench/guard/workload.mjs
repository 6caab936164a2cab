// One side of the comparison, in a process of its own: a chain of three hops on twins, from a Kafka topic to a stream, from
// there to a core subject, and back to a topic. Each message `go` of the parent is one round; the answer is its processor time.
// WORK makes every call of a handler that much more expensive: by it the guard proves that it can fail.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';

const count = Number(process.env.COUNT ?? 1_500);
const work = Number(process.env.WORK ?? 0);
const hops = [
  ['kafka', 'orders', 'nats', toStream('stored')],
  ['nats', stream('STORED', { durable: 'guard', subjects: ['stored'] }), 'nats', 'passed'],
  ['nats', 'passed', 'kafka', 'done'],
];
let handled = 0;

class Bridge {}
hops.forEach(([from, source, to, target], index) => {
  const name = `hop${index}`;
  const handle = async (value) => {
    handled++;
    for (let left = work; left > 0; left--) JSON.parse(JSON.stringify(value));
    return { ...value, [name]: true };
  };
  Object.defineProperty(Bridge.prototype, name, { value: handle, configurable: true, writable: true });
  const descriptor = Object.getOwnPropertyDescriptor(Bridge.prototype, name);
  Payload()(Bridge.prototype, name, 0);
  PublishTo(to, target)(Bridge.prototype, name, descriptor);
  Subscribe(from, source)(Bridge.prototype, name, descriptor);
});
Injectable()(Bridge);

const root = MultiBrokerModule.forRoot(
  [
    kafkaBroker({ name: 'kafka', groupId: 'guard', client: { brokers: ['127.0.0.1:1'] } }),
    natsBroker({ name: 'nats', client: { servers: 'nats://127.0.0.1:1' } }),
  ],
  { inMemory: true },
);
class AppModule {}
Module({ imports: [root], providers: [Bridge] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const brokers = app.get(MultiBroker);
// By the handle of `get()` messages are followed for publishes by hand, which a bridge has not; it is part of no release.
const kafka = typeof brokers.lookUp === 'function' ? brokers.lookUp('kafka') : brokers.get('kafka');
const orders = Array.from({ length: count }, (_, id) => ({
  id,
  customer: { name: 'Ada Lovelace', country: 'GB' },
  items: [{ sku: 'A-100-200', count: 2, price: 19.99 }],
  note: 'leave at the door, ring twice',
}));

async function round() {
  const wanted = handled + count * hops.length;
  const from = process.cpuUsage();
  await kafka.publishBatch('orders', orders);
  const settled = () => brokers.health().brokers.every(({ counts }) => counts.unsettled === 0);
  while (handled < wanted || !settled()) await new Promise((resolve) => setImmediate(resolve));
  const { user, system } = process.cpuUsage(from);
  return (user + system) / (count * hops.length);
}

process.on('message', () => void round().then((micros) => process.send(micros)));
process.on('disconnect', () => process.exit(0));
process.send('ready');
