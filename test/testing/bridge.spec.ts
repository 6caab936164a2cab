import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Broker, InjectBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../lib/testing/index.js';

@Injectable()
class Bridge {
  constructor(@InjectBroker('orders') readonly orders: Broker) {}

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  fromKafka(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', 'outgoing')
  fromNats(@Payload() _text: string) {}
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: 'bridge', client: { brokers: ['localhost:9092'] } }),
      natsBroker({ name: 'events', client: { servers: 'nats://localhost:4222' } }),
    ]),
  ],
  providers: [Bridge],
})
class AppModule {}

async function compile() {
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .compile();
  await moduleRef.init();
  return { moduleRef, harness: moduleRef.get(MultiBrokerHarness) };
}

describe('the bridge of the design, without a broker', () => {
  it('brings a message from Kafka to NATS before publish() ends', async () => {
    const { moduleRef, harness } = await compile();
    await harness.publish('orders', 'incoming', 'Hi!');
    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
    expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Hi!');
    expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledTimes(1);
    expect(() => expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Ho!')).toThrow('Ho!');
    await moduleRef.close();
  });

  it('hears nothing of another module of the same AppModule', async () => {
    const [one, other] = [await compile(), await compile()];
    await one.harness.publish('orders', 'incoming', 'only here');
    await other.harness.settled();
    expect(other.harness.handler(Bridge, 'fromKafka')).not.toHaveBeenCalled();
    await one.moduleRef.close();
    await other.moduleRef.close();
  });

  it('tells what each broker published, and forgets it on reset()', async () => {
    const { moduleRef, harness } = await compile();
    await harness.publish('orders', 'incoming', 'Hi!', { key: 'k', headers: { a: '1' } });
    expect(harness.published('orders')).toMatchObject([
      { payload: 'Hi!', key: 'k', headers: { a: '1' }, destination: 'incoming' },
    ]);
    expect(harness.published('events', 'outgoing')).toMatchObject([{ payload: 'Hi!', destination: 'outgoing' }]);
    expect(harness.published('events', 'elsewhere')).toEqual([]);
    harness.reset();
    expect(harness.published('events')).toEqual([]);
    expect(harness.handler(Bridge, 'fromKafka')).not.toHaveBeenCalled();
    await moduleRef.close();
  });

  it('also waits for what the application itself publishes', async () => {
    const { moduleRef, harness } = await compile();
    await moduleRef.get(Bridge).orders.publish('incoming', 'by hand');
    await harness.settled();
    expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('by hand');
    await moduleRef.close();
  });
});
