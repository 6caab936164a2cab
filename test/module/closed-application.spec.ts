import { afterEach, expect, it } from '@jest/globals';
import { type Broker, MultiBroker, MultiBrokerModule } from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { fakeBroker } from '../support/fake-kind.js';

afterEach(closeApps);

const uses: [what: string, use: (brokers: MultiBroker, orders: Broker) => Promise<unknown>][] = [
  ['publish()', (_, orders) => orders.publish('made', 'a')],
  ['publishBatch()', (_, orders) => orders.publishBatch('made', [{ payload: 'a' }])],
  ['request()', (_, orders) => orders.request('made', 'a')],
  ['subscribe()', (_, orders) => orders.subscribe('made', () => undefined)],
  ['add()', (brokers) => brokers.add(fakeBroker({ name: 'late' }))],
  ['start()', (brokers) => brokers.start()],
];

it.each(uses)('%s of a closed application tells that it is closed, and to create a new one', async (_, use) => {
  const definitions = [fakeBroker({ name: 'orders' })];
  const app = await start({ imports: [MultiBrokerModule.forRoot(definitions, { allowLateBrokers: true })] });
  const brokers = app.get(MultiBroker);
  await app.close();
  await expect(use(brokers, brokers.get('orders'))).rejects.toMatchObject({
    code: 'MULTI_BROKER_STOPPED',
    message: expect.stringMatching(/^The application is closed.*create a new one\.$/),
  });
});

it('after MultiBroker.stop() brokers tell that they were stopped, and can be started again', async () => {
  const app = await start({ imports: [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders' })])] });
  const brokers = app.get(MultiBroker);
  await brokers.stop();
  await expect(brokers.get('orders').publish('made', 'a')).rejects.toMatchObject({
    code: 'MULTI_BROKER_STOPPED',
    message: expect.stringMatching(/^The brokers were stopped.*call start\(\) again/),
  });
  await brokers.start();
  await expect(brokers.get('orders').publish('made', 'a')).resolves.toBeDefined();
});
