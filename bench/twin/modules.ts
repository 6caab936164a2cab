import 'reflect-metadata';
import { type DynamicModule, Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MultiBrokerModule, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';
import { MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';

const HANDLERS = 10;

/** The same class with and without brokers, so that what is compared is the brokers alone. */
function handlersOf(decorated: boolean): Type {
  @Injectable()
  class Handlers {}
  for (let index = 0; index < HANDLERS; index++) {
    const name = `handle${index}`;
    Object.defineProperty(Handlers.prototype, name, { value: () => undefined, configurable: true, writable: true });
    const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, name)!;
    if (decorated) Subscribe(index % 2 === 0 ? 'orders' : 'events', `a${index}`)(Handlers.prototype, name, descriptor);
  }
  return Handlers;
}

function appOf(decorated: boolean, imports: DynamicModule[]): Type {
  @Module({ imports, providers: [handlersOf(decorated)] })
  class AppModule {}
  return AppModule;
}

const definitions = [
  kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['127.0.0.1:1'] } }),
  natsBroker({ name: 'events', client: { servers: 'nats://127.0.0.1:1' } }),
];
const withBrokers = appOf(true, [MultiBrokerModule.forRoot(definitions)]);
const without = appOf(false, []);

/** Compiles, starts and closes a test module with two brokers and ten handlers. */
export async function brokersOnce(): Promise<void> {
  const module = await Test.createTestingModule({ imports: [withBrokers] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .compile();
  await module.init();
  await module.close();
}

/** The same module without brokers. */
export async function plainOnce(): Promise<void> {
  const module = await Test.createTestingModule({ imports: [without] }).compile();
  await module.init();
  await module.close();
}
