import { expect, it, jest } from '@jest/globals';

// As Jest's `fakeTimers.enableGlobally` has it: the timers are held before anything is loaded.
jest.useFakeTimers();
const { Injectable, Module } = await import('@nestjs/common');
const { Test } = await import('@nestjs/testing');
const { MultiBrokerModule, Payload, PublishTo, Subscribe } = await import('../../lib/index.js');
const { kafkaBroker } = await import('../../lib/kafka/index.js');
const { natsBroker } = await import('../../lib/nats/index.js');
const { MultiBrokerHarness, MultiBrokerTestingModule } = await import('../../lib/testing/index.js');

it('twins and harness work while all timers are held from the beginning', async () => {
  @Injectable()
  class Bridge {
    failing = 1;

    @Subscribe('orders', 'incoming')
    @PublishTo('events', 'outgoing')
    fromKafka(@Payload() text: string) {
      return text;
    }

    @Subscribe('events', 'outgoing')
    fromNats(@Payload() text: string) {
      if (this.failing-- > 0) throw new Error(text);
    }
  }
  @Module({
    imports: [
      MultiBrokerModule.forRoot([
        kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } }),
        natsBroker({ name: 'events', client: {} }),
      ]),
    ],
    providers: [Bridge],
  })
  class AppModule {}

  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .compile();
  await moduleRef.init();
  const harness = moduleRef.get(MultiBrokerHarness);
  await harness.publish('orders', 'incoming', 'Hi!');
  expect(harness.handler(Bridge, 'fromNats').mock.calls).toEqual([['Hi!'], ['Hi!']]);
  await harness.clock.advance(60_000);
  await harness.waitFor(() => harness.deliveries().length === 2);
  await moduleRef.close();
});
