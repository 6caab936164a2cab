import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, Payload, Subscribe } from '../../lib/index.js';
import { topic } from '../../lib/kafka/index.js';
import { stream } from '../../lib/nats/index.js';
import { redriveScenarios, type RedriveWorld } from '../support/dead-letters/redrive-scenarios.js';
import { twinPlaces } from '../support/dead-letters/twin-places.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const twins: RedriveWorld = {
  ...twinPlaces,
  another: ({ broker, address }) =>
    broker === 'orders'
      ? topic(address, { groupId: 'audit' })
      : stream(address.toUpperCase(), { durable: 'audit', subjects: [address] }),
};

describe('on twins', () => redriveScenarios(twins));

@Injectable()
class Orders {
  broken = true;
  handled: unknown[] = [];

  @Subscribe('orders', 'orders', { deadLetter: '{source}.dlq', retry: { attempts: 1 } })
  handle(@Payload() order: unknown) {
    if (this.broken) throw new Error('broken');
    this.handled.push(order);
  }
}

/** Three letters, of which the first one is redriven. */
async function begun(ratePerSecond: number) {
  const { get, harness, broker, moduleRef } = await testApp([Orders]);
  for (const id of [1, 2, 3]) await broker('orders').publish('orders', { id }, { key: 'k' });
  await harness.settled();
  const orders = get(Orders);
  orders.broken = false;
  const done = moduleRef.get(MultiBroker).redrive({ broker: 'orders', source: 'orders.dlq' }, { ratePerSecond });
  await harness.waitFor(() => orders.handled.length === 1);
  return { moduleRef, harness, orders, done };
}

describe('a redrive', () => {
  it('is refused for core NATS, which keeps nothing, and for an option that makes no sense', async () => {
    const { moduleRef } = await testApp([Orders]);
    const multi = moduleRef.get(MultiBroker);
    await expect(multi.redrive({ broker: 'events', source: 'orders.dead' })).rejects.toMatchObject({
      code: 'MULTI_BROKER_REDRIVE_UNSUPPORTED',
      message: expect.stringContaining('subject orders.dead keeps no messages'),
    });
    const look = multi.deadLetters({ broker: 'events', source: 'orders.dead' })[Symbol.asyncIterator]();
    await expect(look.next()).rejects.toMatchObject({ code: 'MULTI_BROKER_REDRIVE_UNSUPPORTED' });
    const from = { broker: 'orders', source: 'orders.dlq' };
    await expect(multi.redrive(from, { ratePerSecond: 0 })).rejects.toMatchObject({
      code: 'MULTI_BROKER_OPTION_INVALID',
    });
    await expect(multi.redrive({ broker: 'order', source: 'x' })).rejects.toMatchObject({
      code: 'MULTI_BROKER_UNKNOWN_BROKER',
    });
  });

  it.each([
    ['a limit that is no number', { limit: '5' }],
    ['a limit below 0', { limit: -1 }],
    ['a rate of 0', { ratePerSecond: 0 }],
    ['a filter that is no function', { filter: 'x' }],
    ['a place that there is not', { to: 'topic' }],
    ['a misspelt dryRun, which would redrive', { dryrun: true }],
  ])('is refused with %s', async (_, options) => {
    const { moduleRef } = await testApp([Orders]);
    const from = { broker: 'orders', source: 'orders.dlq' };
    await expect(moduleRef.get(MultiBroker).redrive(from, options as never)).rejects.toMatchObject({
      code: 'MULTI_BROKER_OPTION_INVALID',
      broker: 'orders',
    });
  });

  it.each([
    ['that is undefined', undefined],
    ['that is a RegExp', topic(/dlq$/)],
    ['that is a path', 'orders.{region}.dlq'],
  ])('is refused of a topic %s', async (_, source) => {
    const { moduleRef } = await testApp([Orders]);
    const multi = moduleRef.get(MultiBroker);
    const refused = { code: expect.stringMatching(/^MULTI_BROKER_(OPTION_INVALID|VALUE_MISSING)$/), broker: 'orders' };
    await expect(multi.redrive({ broker: 'orders', source: source as string })).rejects.toMatchObject(refused);
  });

  it('whose signal has aborted before ends at once, as does a look', async () => {
    const { moduleRef, harness, broker } = await testApp([Orders]);
    await broker('orders').publish('orders', { id: 1 });
    await harness.settled();
    const multi = moduleRef.get(MultiBroker);
    const from = { broker: 'orders', source: 'orders.dlq' };
    const signal = AbortSignal.abort();
    expect(await multi.redrive(from, { signal })).toEqual({ read: 0, redriven: 0, left: 0, failed: 0 });
    expect(await multi.deadLetters(from, { signal })[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    expect(await multi.redrive(from, { dryRun: true })).toMatchObject({ read: 1 });
  });

  it('a look ends when its signal aborts', async () => {
    const { moduleRef, harness, broker } = await testApp([Orders]);
    for (const id of [1, 2]) await broker('orders').publish('orders', { id }, { key: 'k' });
    await harness.settled();
    const controller = new AbortController();
    const from = { broker: 'orders', source: 'orders.dlq' };
    let seen = 0;
    for await (const letter of moduleRef.get(MultiBroker).deadLetters(from, { signal: controller.signal })) {
      if (letter.error.message === 'broken') seen++;
      controller.abort();
    }
    expect(seen).toBe(1);
  });

  it('keeps to its rate by the clock of the brokers', async () => {
    const { harness, orders, done } = await begun(2);
    await harness.clock.advance(499);
    expect(orders.handled).toHaveLength(1);
    await harness.clock.advance(1);
    await harness.waitFor(() => orders.handled.length === 2);
    await harness.clock.advance(500);
    expect(await done).toEqual({ read: 3, redriven: 3, left: 0, failed: 0 });
  });

  it('ends with the application, and what it had not redriven is there for the next one', async () => {
    const { moduleRef, done } = await begun(1);
    await moduleRef.close();
    expect(await done).toEqual({ read: 3, redriven: 1, left: 2, failed: 0 });
  });
});
