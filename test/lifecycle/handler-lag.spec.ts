import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, Payload, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { definition, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { closeTestApps, testApp } from '../support/test-app.js';

@Injectable()
class Shop {
  @Subscribe('orders', 'created')
  created(@Payload() _order: unknown) {}

  @Subscribe('events', stream('SHOP', { durable: 'shop', subjects: ['shop.>'] }))
  shipped(@Payload() order: unknown) {
    if (order === 'bad') throw new Error('no');
  }

  @Subscribe('events', 'stock')
  stock(@Payload() _item: unknown) {}
}

async function shop() {
  const { harness, moduleRef } = await testApp([Shop]);
  const brokers = moduleRef.get(MultiBroker);
  return { harness, of: (method: keyof Shop) => brokers.handler(Shop, method) };
}

afterEach(closeTestApps);

describe('lag() of a handler', () => {
  it.each([
    ['created', 'orders', 'created'],
    ['shipped', 'events', toStream('shop.1')],
  ] as const)('is what waits for it, to the message: %s', async (method, broker, to) => {
    const { harness, of } = await shop();
    expect(await of(method).lag()).toBe(0);
    of(method).pause();
    for (const order of [1, 2, 3]) await harness.publish(broker, to, order);
    expect(await of(method).lag()).toBe(3);
    of(method).resume();
    await harness.settled();
    expect(await of(method).lag()).toBe(0);
  });

  it('counts a message that awaits its redelivery', async () => {
    const { harness, of } = await shop();
    harness.expectFailures();
    await harness.publish('events', toStream('shop.1'), 'bad');
    expect(await of('shipped').lag()).toBe(1);
  });

  it('of handlers that share a source is that of the source', async () => {
    @Injectable()
    class Sorted {
      @Subscribe('orders', 'all', { filter: ({ payload }) => payload === 'bad' })
      bad(@Payload() _order: unknown) {}

      @Subscribe('orders', 'all')
      rest(@Payload() _order: unknown) {}
    }
    const { harness, moduleRef } = await testApp([Sorted]);
    const brokers = moduleRef.get(MultiBroker);
    brokers.handler(Sorted, 'bad').pause();
    await harness.publish('orders', 'all', 'good');
    await harness.publish('orders', 'all', 'bad');
    expect(await brokers.handler(Sorted, 'bad').lag()).toBe(2);
    expect(await brokers.handler(Sorted, 'rest').lag()).toBe(2);
  });

  it('is undefined for core NATS, which keeps nothing', async () => {
    const { of } = await shop();
    of('stock').pause();
    expect(await of('stock').lag()).toBeUndefined();
  });

  it('rejects with a code of its own while the broker is away, and names handler, source and reason', async () => {
    const { harness, of } = await shop();
    await harness.fault('orders').dropConnection();
    await expect(of('created').lag()).rejects.toMatchObject({
      code: 'MULTI_BROKER_LAG_UNKNOWN',
      retryable: true,
      handler: 'Shop.created',
      message: expect.stringContaining(
        "How much of topic created (group g) on broker 'orders' waits for Shop.created is not known: there is no connection",
      ),
    });
  });

  it('rejects after 5 s without an answer, and the driver is told', async () => {
    class On {
      message() {}
    }
    const rig = new LifecycleRig({
      brokers: [definition('orders')],
      handlers: [{ handler: 'On.message', method: { type: On, name: 'message' }, source: 'in' }],
    });
    await rig.multi.start();
    const told: AbortSignal[] = [];
    Object.assign(rig.driver('orders').intakes[0]!, {
      lag: (_source: unknown, signal: AbortSignal) => {
        told.push(signal);
        return new Promise(() => undefined);
      },
    });
    const asked = rig.multi.handler(On, 'message').lag();
    const state = stateOf(asked);
    await rig.advance(4_999);
    expect(await state).toBe('open');
    await rig.advance(1);
    expect(await stateOf(asked)).toBe('MULTI_BROKER_LAG_UNKNOWN');
    expect(told[0]?.aborted).toBe(true);
    await rig.multi.stop();
  });

  it('is undefined for a driver that cannot tell, and before the start', async () => {
    class On {
      message() {}
    }
    const rig = new LifecycleRig({
      brokers: [definition('orders')],
      handlers: [{ handler: 'On.message', method: { type: On, name: 'message' }, source: 'in' }],
    });
    const handle = rig.multi.handler(On, 'message');
    expect(await handle.lag()).toBeUndefined();
    await rig.multi.start();
    expect(await handle.lag()).toBeUndefined();
    await rig.multi.stop();
  });
});
