import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { FOLLOWERS } from '../../lib/delivery/handled-message.js';
import { type Broker, InjectBroker, MultiBrokerModule, PublishTo, Subscribe } from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

afterEach(closeApps);

it('a bridge follows no message: where nobody publishes by hand, promises cost what they did', async () => {
  @Injectable()
  class Bridge {
    @Subscribe('orders', 'in')
    @PublishTo('orders', 'out')
    on() {
      return 'x';
    }
  }
  const server = new FakeServer();
  await start({ imports: [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server })])], providers: [Bridge] });
  server.write('outside', 'in', { body: Buffer.from('a') });
  await eventually(() => expect(server.published).toMatchObject([{ queue: 'in' }, { queue: 'out' }]));
  expect(FOLLOWERS.count).toBe(0);
});

it('a service that is given a broker has the message followed, from the first on', async () => {
  @Injectable()
  class Sends {
    constructor(@InjectBroker('orders') private readonly orders: Broker) {}

    async send() {
      await Promise.resolve();
      await this.orders.publish('out', 'x');
    }
  }
  @Injectable()
  class Handles {
    constructor(private readonly sends: Sends) {}

    @Subscribe('orders', 'in')
    on() {
      return this.sends.send();
    }
  }
  const server = new FakeServer();
  const imports = [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server })])];
  await start({ imports, providers: [Sends, Handles] });
  expect(FOLLOWERS.count).toBe(1);
  server.write('outside', 'in', { body: Buffer.from('a'), headers: { 'correlation-id': 'c' } });
  await eventually(() => expect(server.published).toHaveLength(2));
  expect(server.published[1]?.headers).toMatchObject({ 'correlation-id': 'c', 'multi-broker-hops': '1' });
});

it('once every application that publishes by hand is closed, no message is followed', async () => {
  @Injectable()
  class Sends {
    constructor(@InjectBroker('orders') readonly orders: Broker) {}
  }
  const imports = () => [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server: new FakeServer() })])];
  const [one, other] = [
    await start({ imports: imports(), providers: [Sends] }),
    await start({ imports: imports(), providers: [Sends] }),
  ];
  await one.close();
  expect(FOLLOWERS.count).toBe(1);
  await other.close();
  expect(FOLLOWERS.count).toBe(0);
});
