import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Shop {
  @Subscribe('events', stream('ORDERS', { subjects: ['orders'], durable: 'shop' }))
  onOrder(@Payload() _text: string) {}
}

describe('a publish to a subject of a named stream', () => {
  it('is found by its subject, and its deliveries hang on it', async () => {
    const app = await testApp([Shop]);
    await app.broker('events').publish(toStream('orders', { stream: 'ORDERS' }), 'named');
    await app.broker('events').publish(toStream('orders'), 'any');
    await app.harness.settled();
    for (const destination of ['orders', toStream('orders'), toStream('orders', { stream: 'ORDERS' })]) {
      expect(app.harness.published('events', destination).map(({ payload }) => payload)).toEqual(['named', 'any']);
    }
    const timeline = app.harness.timeline();
    expect(timeline.others).toEqual([]);
    expect(timeline.messages.map(({ deliveries }) => deliveries.length)).toEqual([1, 1]);
  });

  it('meets the faults of its subject', async () => {
    const app = await testApp([Shop]);
    app.harness.fault('events').failPublish({ times: 1, destination: 'orders' });
    const publishing = app.broker('events').publish(toStream('orders', { stream: 'ORDERS' }), 'x');
    await expect(publishing).rejects.toMatchObject({ code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED' });
  });

  it('does not leave together with one to another stream, which is refused alone', async () => {
    const app = await testApp([Shop]);
    const [named, wrong] = await Promise.allSettled([
      app.broker('events').publish(toStream('orders', { stream: 'ORDERS' }), 'x'),
      app.broker('events').publish(toStream('orders', { stream: 'OTHER' }), 'y'),
    ]);
    expect([named.status, wrong.status]).toEqual(['fulfilled', 'rejected']);
  });
});
