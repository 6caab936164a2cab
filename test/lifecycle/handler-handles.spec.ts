import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type HandlerHandle, MultiBroker, Payload, Subscribe } from '../../lib/index.js';
import { topic } from '../../lib/kafka/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { definition as fake, errorOf, LifecycleRig } from '../support/lifecycle-rig.js';
import { messages } from '../support/fake-lane.js';
import { closeTestApps, testApp } from '../support/test-app.js';
import { turns } from '../support/turns.js';

const seen: unknown[] = [];

@Injectable()
class Shop {
  @Subscribe('orders', 'created')
  created(@Payload() order: unknown) {
    seen.push(order);
  }

  @Subscribe('orders', 'cancelled')
  cancelled(@Payload() order: unknown) {
    seen.push(order);
  }

  @Subscribe('events', stream('SHOP', { durable: 'shop', subjects: ['shop.>'] }))
  shipped(@Payload() order: unknown) {
    seen.push(order);
  }

  @Subscribe('events', 'stock')
  stock(@Payload() item: unknown) {
    seen.push(item);
  }
}

@Injectable()
class Twice {
  @Subscribe('orders', 'both')
  @Subscribe('events', 'both')
  both() {}

  @Subscribe('orders', 'one')
  @Subscribe('orders', topic('one', { groupId: 'second' }))
  groups() {}
}

abstract class Parent {
  @Subscribe('orders', 'inherited')
  inherited() {}
}

@Injectable()
class Heir extends Parent {}

async function shop() {
  seen.length = 0;
  const app = await testApp([Shop]);
  return { ...app, brokers: app.moduleRef.get(MultiBroker) };
}

afterEach(closeTestApps);

describe('MultiBroker.handlers', () => {
  it('lists each subscription of each method, with an id, its broker, its source and its state', async () => {
    const { brokers } = await shop();
    const listed = brokers.handlers.map(({ id, handler, broker, source, state }) => [
      id,
      handler,
      broker,
      source,
      state,
    ]);
    expect(listed).toEqual([
      ['Shop.created@orders/created', 'Shop.created', 'orders', 'created', 'running'],
      ['Shop.cancelled@orders/cancelled', 'Shop.cancelled', 'orders', 'cancelled', 'running'],
      ['Shop.shipped@events/SHOP', 'Shop.shipped', 'events', 'SHOP', 'running'],
      ['Shop.stock@events/stock', 'Shop.stock', 'events', 'stock', 'running'],
    ]);
  });

  it('gives the same object each time, also by class and method', async () => {
    const { brokers } = await shop();
    expect(brokers.handlers[0]).toBe(brokers.handlers[0]);
    expect(brokers.handler(Shop, 'created')).toBe(brokers.handlers[0]);
  });

  it('counts for each handler, and health for all of them', async () => {
    const { brokers, harness, broker } = await shop();
    await harness.publish('orders', 'created', 1);
    await harness.publish('orders', 'created', 2);
    await harness.publish('orders', 'cancelled', 3);
    expect(brokers.handler(Shop, 'created').counts).toMatchObject({ handled: 2, unsettled: 0, running: 0 });
    expect(brokers.handler(Shop, 'cancelled').counts).toMatchObject({ handled: 1 });
    expect(broker('orders').health().counts).toMatchObject({ handled: 3 });
  });

  it('numbers subscriptions of one method to one address', async () => {
    const { moduleRef } = await testApp([Twice]);
    const ids = moduleRef.get(MultiBroker).handlers.map(({ id }) => id);
    expect(ids.filter((id) => id.includes('groups'))).toEqual(['Twice.groups@orders/one', 'Twice.groups@orders/one#2']);
  });
});

describe('MultiBroker.handler()', () => {
  it('finds the handler of a class that inherits it', async () => {
    const { moduleRef } = await testApp([Heir]);
    const brokers = moduleRef.get(MultiBroker);
    expect(brokers.handler(Parent, 'inherited').id).toBe('Heir.inherited@orders/inherited');
    expect(brokers.handler(Heir, 'inherited')).toBe(brokers.handler(Parent, 'inherited'));
  });

  it('names the nearest handler for one that does not exist', async () => {
    const { brokers } = await shop();
    expect(() => brokers.handler(Shop, 'create' as 'created')).toThrow(
      'Shop.create is no handler (did you mean Shop.created?)',
    );
  });

  it('names the nearest broker for one that the method does not read', async () => {
    const { brokers } = await shop();
    expect(() => brokers.handler(Shop, 'created', 'order')).toThrow(
      "Shop.created does not read broker 'order' (did you mean 'orders'?)",
    );
  });

  it('of a method that reads two brokers needs the broker', async () => {
    const { moduleRef } = await testApp([Twice]);
    const brokers = moduleRef.get(MultiBroker);
    expect(brokers.handler(Twice, 'both', 'events').id).toBe('Twice.both@events/both');
    const error = await errorOf(Promise.resolve().then(() => brokers.handler(Twice, 'both')));
    expect(error).toMatchObject({
      code: 'MULTI_BROKER_AMBIGUOUS_HANDLER',
      message: expect.stringContaining('names 2 handlers: Twice.both@events/both, Twice.both@orders/both'),
    });
  });

  it('of a method that reads one broker twice is ambiguous even with the broker', async () => {
    const { moduleRef } = await testApp([Twice]);
    expect(() => moduleRef.get(MultiBroker).handler(Twice, 'groups', 'orders')).toThrow(/names 2 handlers/);
  });
});

describe('a handler that is paused', () => {
  it('is not called before it is resumed, while its neighbours on the same broker are', async () => {
    const { brokers, harness } = await shop();
    brokers.handler(Shop, 'created').pause();
    expect(brokers.handler(Shop, 'created').state).toBe('paused');
    await harness.publish('orders', 'created', 'held');
    await harness.publish('orders', 'cancelled', 'passes');
    expect(seen).toEqual(['passes']);
    brokers.handler(Shop, 'created').resume();
    await harness.settled();
    expect([seen, brokers.handler(Shop, 'created').state]).toEqual([['passes', 'held'], 'running']);
  });

  it.each([
    ['shipped', toStream('shop.1')],
    ['stock', 'stock'],
  ] as const)('keeps what arrives meanwhile on NATS: %s', async (method, to) => {
    const { brokers, harness } = await shop();
    const handle = brokers.handler(Shop, method);
    handle.pause();
    await harness.publish('events', to, 1);
    expect(seen).toEqual([]);
    handle.resume();
    await harness.settled();
    expect(seen).toEqual([1]);
  });

  it('is told in health with what waits, and degrades nothing', async () => {
    const { brokers, harness, broker } = await shop();
    brokers.handler(Shop, 'created').pause();
    await harness.publish('orders', 'created', 1);
    expect(broker('orders').health()).toMatchObject({
      status: 'up',
      reasons: [],
      notes: [
        'Shop.created is paused: nothing of topic created (group g) is handled before resume(); 1 message(s) wait',
      ],
    });
    expect(brokers.handler(Shop, 'created').counts.unsettled).toBe(1);
  });

  it.each(['created', 'shipped', 'stock'] as const)('stays paused over a lost connection: %s', async (method) => {
    const { brokers, harness } = await shop();
    const handle = brokers.handler(Shop, method);
    handle.pause();
    await harness.fault(handle.broker).dropConnection();
    await harness.fault(handle.broker).restore();
    const to = { created: 'created', shipped: toStream('shop.1'), stock: 'stock' }[method];
    await harness.publish(handle.broker, to, 1);
    expect([handle.state, seen]).toEqual(['paused', []]);
    handle.resume();
    await harness.settled();
    expect(seen).toEqual([1]);
  });

  it('stays paused over a stop and the next start, and begins paused if it was paused before the first', async () => {
    const { rig, deliver, calls, handle } = rigOf();
    handle().pause();
    await rig.multi.start();
    await deliver('a');
    await rig.multi.stop();
    await rig.multi.start();
    await deliver('b');
    expect([calls, handle().state]).toEqual([[], 'paused']);
    handle().resume();
    await turns();
    expect(calls).toEqual(['b']);
    await rig.multi.stop();
  });

  it('forgets its pause with a killed process', async () => {
    const { rig, handle } = rigOf();
    await rig.multi.start();
    handle().pause();
    await rig.multi.kill();
    await rig.multi.start();
    expect(handle().state).toBe('running');
    await rig.multi.stop();
  });
});

describe('the state of a handler', () => {
  it('is stopped before the start and after the stop', async () => {
    const { rig, handle } = rigOf();
    expect(handle().state).toBe('stopped');
    await rig.multi.start();
    expect(handle().state).toBe('running');
    await rig.multi.stop();
    expect(handle().state).toBe('stopped');
  });

  it('is waiting while its source cannot be read, and while its broker is away', async () => {
    const { rig, handle, refusal } = rigOf();
    refusal.error = new Error('no such stream');
    const start = rig.multi.start();
    await rig.advance(2_000);
    await start;
    expect(handle().state).toBe('waiting');
    refusal.error = undefined;
    await rig.advance(5_000);
    expect(handle().state).toBe('running');
    rig.driver('orders').io?.state('reconnecting');
    expect(handle().state).toBe('waiting');
    rig.driver('orders').io?.state('up');
    expect(handle().state).toBe('running');
    await rig.multi.stop();
  });

  it('is waiting during the start', async () => {
    const { rig, handle, refusal } = rigOf();
    const open: { go: () => void } = { go: () => undefined };
    refusal.until = new Promise<void>((resolve) => (open.go = resolve));
    const start = rig.multi.start();
    await turns();
    expect(handle().state).toBe('waiting');
    open.go();
    await start;
    expect(handle().state).toBe('running');
    await rig.multi.stop();
  });
});

it('asked for a handler of a wiring with mistakes, reports the mistakes', async () => {
  const rig = new LifecycleRig({ brokers: ['orders'], handlers: [{ broker: 'nowhere' }] });
  const error = await errorOf(Promise.resolve().then(() => rig.multi.handlers));
  expect(error.message).toContain("broker 'nowhere'");
});

/** One handler of a broker that need not be up, on drivers of the test. */
function rigOf() {
  class On {
    message() {}
  }
  const calls: string[] = [];
  const refusal: { error?: Error | undefined; until?: Promise<void> } = {};
  const rig = new LifecycleRig({
    brokers: [{ ...fake('orders'), critical: false }],
    handlers: [
      {
        handler: 'On.message',
        method: { type: On, name: 'message' },
        source: 'in',
        call: ({ body }) => void calls.push(Buffer.from(body ?? []).toString()),
      },
    ],
    prepare: ({ gates }) => {
      gates.subscribe = async () => {
        await refusal.until;
        if (refusal.error) throw refusal.error;
      };
    },
  });
  const handle = (): HandlerHandle => rig.multi.handler(On, 'message');
  const deliver = async (body: string) => {
    rig.deliver('orders', 'in', ...messages(body));
    await turns();
  };
  return { rig, calls, refusal, handle, deliver };
}
