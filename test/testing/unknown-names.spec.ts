import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { type Broker, Ctx, InjectBroker, type MessageContext, PublishTo, Subscribe } from '../../lib/index.js';
import { topic } from '../../lib/kafka/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Orders {
  @Subscribe('orders', 'incoming')
  onOrder() {}
}

it('deliveries() of a handler that there is not is an error that names the nearest', async () => {
  const { harness } = await testApp([Orders]);
  expect(() => harness.deliveries({ handler: 'Orders.onOrdr' })).toThrow(
    /Orders\.onOrdr is no handler \(did you mean Orders\.onOrder\?\)/,
  );
  expect(() => harness.deliveries({ handler: 'Nope' })).toThrow(/Nope is no handler/);
});

it('deliveries() of a broker that there is not is an error that names the nearest', async () => {
  const { harness } = await testApp([Orders]);
  expect(() => harness.deliveries({ broker: 'order' })).toThrow(/orders/);
});

it('deliveries() knows handlers that have got nothing, and those of broker.subscribe()', async () => {
  const { harness, broker } = await testApp([Orders]);
  expect(harness.deliveries({ handler: 'Orders.onOrder' })).toEqual([]);
  await broker('orders').subscribe(topic('lines'), function readLine() {});
  const { handler } = (await harness.publish('orders', 'lines', 'x'), harness.deliveries())[0]!;
  harness.reset();
  expect(harness.deliveries({ handler })).toEqual([]);
});

@Injectable()
class Forwarder {
  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'shop.outgoing')
  onOrder(order: unknown) {
    return order;
  }
}

@Injectable()
class Parking {
  @Subscribe('orders', 'incoming', { deadLetter: '{source}.dlq' })
  onOrder() {}
}

it('published() knows where messages are parked', async () => {
  const { harness } = await testApp([Parking]);
  expect(harness.published('orders', 'incoming.dlq')).toEqual([]);
  expect(() => harness.published('orders', 'incoming.dql')).toThrow(/did you mean 'incoming\.dlq'/);
});

@Injectable()
class Anywhere {
  constructor(@InjectBroker('events') readonly events: Broker) {}
}

@Injectable()
class InContext {
  @Subscribe('orders', 'others')
  async on(@Ctx() context: MessageContext) {
    await context.broker.publish('shop.outgoings', 'x');
  }
}

it('published() to a name to which nothing can publish is an error that names the nearest', async () => {
  const { harness } = await testApp([Forwarder]);
  expect(() => harness.published('events', 'shop.outgoin')).toThrow(
    /publishes to 'shop\.outgoin' on broker 'events' \(did you mean 'shop\.outgoing'\?\)/,
  );
  expect(() => harness.published('events', 'shop.outgoin')).toThrow(
    expect.objectContaining({ code: 'MULTI_BROKER_UNKNOWN_DESTINATION' }),
  );
});

it('published() to a known name, to what a test has published to, and to a name like no other, lists what there is', async () => {
  const { harness } = await testApp([Forwarder]);
  expect([harness.published('events', 'shop.outgoing'), harness.published('orders', 'incoming')]).toEqual([[], []]);
  expect(harness.published('events', 'elsewhere')).toEqual([]);
  await harness.publish('events', 'shop.outgoings', 'x');
  expect(harness.published('events', 'shop.outgoings')).toHaveLength(1);
});

it.each([
  ['a class is given a broker', Anywhere],
  ['a handler is given the context', InContext],
])('published() to any name is no error where %s', async (_, provider) => {
  const { harness } = await testApp([Forwarder, provider]);
  expect(harness.published('events', 'shop.outgoin')).toEqual([]);
});
