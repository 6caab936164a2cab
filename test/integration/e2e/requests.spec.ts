import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Broker, MultiBroker, Payload, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events } from './support.js';

const subject = uniqueName('price').replaceAll('-', '.');

let calls: { readonly sku: number; readonly end: () => void }[] = [];

@Injectable()
class Prices {
  @Subscribe('events', `${subject}.get`)
  async get(@Payload() sku: number) {
    await new Promise<void>((resolve) => calls.push({ sku, end: resolve }));
    return { sku };
  }

  @Subscribe('events', `${subject}.one`, { concurrency: { requests: 1 } })
  async one(@Payload() sku: number) {
    await new Promise<void>((resolve) => calls.push({ sku, end: resolve }));
    return { sku };
  }

  @Subscribe('events', `${subject}.fails`)
  fails(@Payload() sku: number): void {
    calls.push({ sku, end: () => undefined });
    throw new Error('no such price');
  }
}

async function broker(): Promise<Broker> {
  calls = [];
  const app = await application([events()], [Prices]);
  await app.init();
  return app.get(MultiBroker).get('events');
}

whenBrokers(describe)('requests on a real NATS server', () => {
  afterEach(closeApps);
  const skus = Array.from({ length: 60 }, (_, sku) => sku);

  it('are handled side by side: 60 handlers run at the same time', async () => {
    const events = await broker();
    const asking = skus.map((sku) => events.request(`${subject}.get`, sku));
    await until(() => calls.length === 60, { what: 'handlers that run' });
    expect(events.health()).toMatchObject({ status: 'up', counts: { running: 60, dropped: 0 } });
    for (const { end } of calls) end();
    expect((await Promise.all(asking)).map(({ payload }) => payload)).toEqual(skus.map((sku) => ({ sku })));
  });

  it('are handled one after another where the handler says so', async () => {
    const events = await broker();
    const asking = skus.slice(0, 3).map((sku) => events.request(`${subject}.one`, sku));
    for (const sku of [0, 1, 2]) {
      await until(() => calls.length > sku, { what: 'the next handler' });
      expect(calls.map((call) => call.sku)).toEqual(skus.slice(0, sku + 1));
      expect(events.health().counts.running).toBe(1);
      calls[sku]!.end();
    }
    await Promise.all(asking);
  });

  it('are told of a failure after one call', async () => {
    const events = await broker();
    await expect(events.request(`${subject}.fails`, 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_FAILED',
      message: expect.stringContaining('no such price'),
    });
    expect(calls).toHaveLength(1);
  });
});
