import { Test } from '@nestjs/testing';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';
import { AppModule } from './app.module';
import { Bridge } from './bridge';

it('bridges Kafka to NATS, on twins', async () => {
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .compile();
  await moduleRef.init();

  const harness = moduleRef.get(MultiBrokerHarness);
  await harness.publish('orders', 'incoming', 'Hi!');

  expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
  expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Hi!');
  expect(() => expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Ho!')).toThrow('Ho!');
  await moduleRef.close();
});

it('has mock functions that the matchers take, while all timers are held', async () => {
  jest.useFakeTimers();
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .compile();
  await moduleRef.init();

  const harness = moduleRef.get(MultiBrokerHarness);
  const [fromKafka, fromNats] = [harness.handler(Bridge, 'fromKafka'), harness.handler(Bridge, 'fromNats')];
  expect(fromNats).not.toHaveBeenCalled();
  for (const text of ['a', 'b']) await harness.publish('orders', 'incoming', text);
  expect(fromNats).toHaveBeenCalledTimes(2);
  expect(fromNats).toHaveBeenNthCalledWith(1, 'a');
  expect(fromNats).toHaveBeenLastCalledWith('b');
  expect(fromKafka).toHaveReturnedWith('b');
  expect(fromNats.mock.calls).toEqual([['a'], ['b']]);
  expect(fromKafka.mock.invocationCallOrder[0]).toBeLessThan(fromNats.mock.invocationCallOrder[0] ?? 0);
  harness.reset();
  expect(fromNats).not.toHaveBeenCalled();
  await moduleRef.close();
  jest.useRealTimers();
});
