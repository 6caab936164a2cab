import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer, queue, toQueue } from '../support/fake-kind.js';

afterEach(closeApps);

it('a third kind of broker is a definition and a driver: handlers, publishers and the lifecycle take it as it is', async () => {
  const server = new FakeServer();
  const orders = fakeBroker({ name: 'orders', server, addresses: { incoming: 'orders.v1' } });
  const seen: unknown[] = [];

  @Injectable()
  class Bridge {
    @Subscribe(orders, queue('incoming', 'bridge'))
    @PublishTo(orders, toQueue('outgoing'), {
      key: (result) => `key of ${String(result)}`,
      headers: { from: 'bridge' },
    })
    over(@Payload() text: string) {
      return text.toUpperCase();
    }

    @Subscribe(orders, 'outgoing')
    there(@Payload() text: string) {
      seen.push(text);
    }
  }

  const app = await start({ imports: [MultiBrokerModule.forRoot([orders])], providers: [Bridge] });
  await app.get(MultiBroker).get('orders').publish(toQueue('incoming'), 'hi');
  await eventually(() => expect(seen).toEqual(['HI']));
  expect(server.published).toEqual([
    expect.objectContaining({ queue: 'orders.v1', body: 'hi' }),
    expect.objectContaining({
      queue: 'outgoing',
      body: 'HI',
      key: 'key of HI',
      headers: expect.objectContaining({ from: 'bridge' }),
    }),
  ]);
});
