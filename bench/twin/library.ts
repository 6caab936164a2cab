import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';
import { order, type Order } from '../support/messages.js';

const definitions = [
  kafkaBroker({ name: 'orders', groupId: 'bridge', client: { brokers: ['127.0.0.1:1'] } }),
  natsBroker({ name: 'events', client: { servers: 'nats://127.0.0.1:1' } }),
];

@Injectable()
class Bridge {
  finished = 0;

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  async fromKafka(@Payload() value: Order): Promise<unknown> {
    return { ...value, seen: true };
  }

  @Subscribe('events', 'outgoing')
  fromNats(): void {
    this.finished++;
  }
}

@Module({ imports: [MultiBrokerModule.forRoot(definitions, { inMemory: true })], providers: [Bridge] })
class InMemory {}

@Module({ imports: [MultiBrokerModule.forRoot(definitions)], providers: [Bridge] })
class Real {}

/** A module's chains: publish, handler, publish, handler. */
export interface Chains {
  /** Resolves when `count` further chains are over. */
  run(count: number, window: number): Promise<void>;
  close(): Promise<void>;
}

/** As an application with `inMemory: true` has it. */
export async function inMemory(): Promise<Chains> {
  const app = await NestFactory.createApplicationContext(InMemory, { logger: ['error'] });
  const bridge = app.get(Bridge);
  const orders = app.get(MultiBroker).get('orders');
  const run = async (count: number, window: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += window) {
      const before = bridge.finished;
      const published = Array.from({ length: window }, (_, index) => orders.publish('incoming', order(sent + index)));
      await Promise.all(published);
      while (bridge.finished < before + window) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { run, close: () => app.close() };
}

/** As a test has it: everything that happens is recorded, and forgotten by `reset()` after each window. */
export async function recorded(): Promise<Chains> {
  const module = await Test.createTestingModule({ imports: [Real] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .compile();
  await module.init();
  const harness = module.get(MultiBrokerHarness);
  const orders = module.get(MultiBroker).get('orders');
  const run = async (count: number, window: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += window) {
      const published = Array.from({ length: window }, (_, index) => orders.publish('incoming', order(sent + index)));
      await Promise.all(published);
      await harness.settled();
      harness.reset();
    }
  };
  return { run, close: () => module.close() };
}
