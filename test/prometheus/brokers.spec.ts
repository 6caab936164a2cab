import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, Subscribe } from '../../lib/index.js';
import { closeHttpApps } from '../support/http-app.js';
import { measuredOnTwins } from './support.js';

afterEach(closeHttpApps);

@Injectable()
class Reader {
  @Subscribe('orders', 'incoming')
  read() {}
}

it('a broker is up or not, and degraded or not', async () => {
  const { harness, scrape } = await measuredOnTwins({ providers: [Reader] });
  const both = [
    { broker: 'orders', kind: 'kafka' },
    { broker: 'events', kind: 'nats' },
  ];
  const [before] = [await scrape()];
  expect(both.map((labels) => before.value('broker_up', labels))).toEqual([1, 1]);
  expect(both.map((labels) => before.value('broker_degraded', labels))).toEqual([0, 0]);
  await harness.fault('events').dropConnection();
  const away = await scrape();
  expect(both.map((labels) => away.value('broker_up', labels))).toEqual([1, 0]);
  await harness.fault('events').restore();
  const back = await scrape();
  expect(both.map((labels) => back.value('broker_up', labels))).toEqual([1, 1]);
});

it('publishes are counted by destination, those of code included, and so are those that fail for good', async () => {
  const { app, harness, scrape } = await measuredOnTwins({ providers: [Reader] });
  await harness.publish('events', 'outgoing', 1);
  harness.fault('events').failPublish({ times: 1 });
  await expect(app.get(MultiBroker).get('events').publish('outgoing', 2)).rejects.toThrow();
  const labels = { broker: 'events', address: 'outgoing' };
  const found = await scrape();
  expect(found.value('messages_published_total', labels)).toBe(1);
  expect(found.value('publish_errors_total', labels)).toBe(1);
});

it('a path is one destination, however it is filled, and so are all answers', async () => {
  @Injectable()
  class Answering {
    @Subscribe('events', 'asked')
    answer() {
      return 'so';
    }
  }
  const { app, scrape } = await measuredOnTwins({ providers: [Answering] });
  const events = app.get(MultiBroker).get('events');
  for (const id of ['1', '2', '3']) await events.publish('orders.{id}', id, { params: { id } });
  for (const question of [1, 2]) await events.request('asked', question);
  const found = await scrape();
  expect(found.all('messages_published_total')).toHaveLength(2);
  expect(found.value('messages_published_total', { broker: 'events', address: 'orders.{id}' })).toBe(3);
  expect(found.value('messages_published_total', { broker: 'events', address: '(replies)' })).toBe(2);
});

it('destinations made from data do not make series without limit', async () => {
  const { app, scrape } = await measuredOnTwins({ providers: [Reader] });
  const events = app.get(MultiBroker).get('events');
  for (let id = 0; id < 150; id++) await events.publish(`made.${String(id)}`, id);
  const found = await scrape();
  expect(found.all('messages_published_total')).toHaveLength(101);
  expect(found.value('messages_published_total', { broker: 'events', address: '(other)' })).toBe(50);
});

it('rebalances of a group are counted, its first join included', async () => {
  const { app, harness, scrape } = await measuredOnTwins({ providers: [Reader] });
  const labels = { broker: 'orders', group: 'g' };
  expect((await scrape()).value('rebalances_total', labels)).toBe(1);
  await app
    .get(MultiBroker)
    .get('orders')
    .subscribe('another', () => undefined);
  await harness.settled();
  expect((await scrape()).value('rebalances_total', labels)).toBeGreaterThan(1);
});
