import { Test } from '@nestjs/testing';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';
import { AppModule } from './app.module.js';
import { Bridge } from './bridge.js';

it('bridges Kafka to NATS, on real servers', async () => {
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule.configure({ real: true }))
    .compile();
  await moduleRef.init();

  const harness = moduleRef.get(MultiBrokerHarness);
  await harness.publish('orders', 'incoming', 'Hi!');
  await moduleRef.get(Bridge).arrived;
  await harness.settled();

  expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
  expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Hi!');
  await moduleRef.close();
}, 60_000);
