import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Broker, getBrokerToken, MultiBrokerModule, Payload, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../lib/testing/index.js';

@Injectable()
class Orders {
  /** How many further calls fail. */
  failing = 0;

  @Subscribe('orders', 'incoming')
  onOrder(@Payload() text: string) {
    if (this.failing-- > 0) throw new Error(`not ${text}`);
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'orders' }))
  onEvent(@Payload() text: string) {
    if (this.failing-- > 0) throw new Error(`not ${text}`);
  }

  @Subscribe('events', 'never.ends')
  hang() {
    return new Promise(() => {});
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } }),
      natsBroker({ name: 'events', client: {} }),
    ]),
  ],
  providers: [Orders],
})
class AppModule {}

let moduleRef: TestingModule;
let harness: MultiBrokerHarness;
let orders: Orders;

beforeEach(async () => {
  moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule.configure({ settleTimeoutMs: 300 }))
    .setLogger({ log() {}, error() {}, warn() {} })
    .compile();
  await moduleRef.init();
  harness = moduleRef.get(MultiBrokerHarness);
  orders = moduleRef.get(Orders);
});

afterEach(() => moduleRef.close());

describe('failures in a test', () => {
  it('that a retry in place makes good are none, and cost no time', async () => {
    orders.failing = 2;
    const before = harness.clock.now();
    await harness.publish('orders', 'incoming', 'tea');
    expect(harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(3);
    expect(harness.clock.now()).toBe(before);
  });

  it('that wait to come again are told, once, and come when the clock moves (Kafka)', async () => {
    orders.failing = 3;
    await expect(harness.publish('orders', 'incoming', 'tea')).rejects.toThrow('not tea');
    await harness.settled();
    expect(harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(3);
    await harness.clock.advance(999);
    expect(harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(3);
    await harness.clock.advance(1);
    expect(harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(4);
  });

  it('that wait to come again are told, once, and come when the clock moves (JetStream)', async () => {
    orders.failing = 3;
    await expect(harness.publish('events', toStream('events.new'), 'tea')).rejects.toThrow('not tea');
    await harness.clock.advance(999);
    expect(harness.handler(Orders, 'onEvent')).toHaveBeenCalledTimes(3);
    await harness.clock.advance(1);
    expect(harness.handler(Orders, 'onEvent')).toHaveBeenCalledTimes(4);
    expect(harness.clock.now()).toBeGreaterThan(0);
  });

  it('of several handlers are told together', async () => {
    orders.failing = 6;
    await moduleRef.get<Broker>(getBrokerToken('orders'), { strict: false }).publish('incoming', 'a');
    await expect(harness.publish('events', toStream('events.new'), 'b')).rejects.toThrow(AggregateError);
  });

  it('show as results of the mock', async () => {
    orders.failing = 1;
    await harness.publish('orders', 'incoming', 'tea');
    const mock = harness.handler(Orders, 'onOrder');
    expect(mock).toHaveReturnedTimes(1);
    expect(mock.mock.results.map(({ type }) => type)).toEqual(['throw', 'return']);
  });
});

describe('the harness', () => {
  it('does not hang on a handler that does not end: it says so', async () => {
    await expect(harness.publish('events', 'never.ends', 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_NOT_SETTLED',
      message: expect.stringMatching(/Running:\n- Orders\.hang on 'events' \(never\.ends\) since \d+ ms/),
    });
  });

  it('knows a handler that is none, and names the nearest', () => {
    class Others {
      onOrder() {}
    }
    expect(() => harness.handler(Others, 'onOrder')).toThrow(
      /Others.onOrder is no handler \(did you mean Orders.onOrder\?\)/,
    );
  });
});
