import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { Subscribe } from '../../lib/index.js';
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
