import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Prices {
  @Subscribe('events', 'prices.get')
  get(@Payload() sku: string) {
    return { sku, price: 3 };
  }
}

describe('a request in a test', () => {
  it('is answered by its handler on NATS', async () => {
    const app = await testApp([Prices]);
    const { payload } = await app.broker('events').request('prices.get', 'A-100');
    expect(payload).toEqual({ sku: 'A-100', price: 3 });
  });

  it('has its answer in the timeline, told apart from what nobody reads', async () => {
    const app = await testApp([Prices]);
    await app.broker('events').request('prices.get', 'A-100');
    const [asked] = app.harness.timeline().messages;
    expect(asked?.deliveries[0]?.published).toMatchObject([{ payload: { sku: 'A-100', price: 3 }, answer: true }]);
    expect(String(app.harness.timeline())).toMatch(/_INBOX\S+ {"sku":"A-100","price":3} \(the answer\)$/);
  });

  it('is answered by its handler, not by who listens beside it, be it that the listener fails', async () => {
    @Injectable()
    class Audit {
      @Subscribe('events', '>')
      hear(@Payload() _any: unknown) {}

      @Subscribe('events', 'prices.*', { retry: { attempts: 1 } })
      fails(@Payload() _any: unknown) {
        throw new Error('not asked');
      }
    }
    @Injectable()
    class Slow {
      @Subscribe('events', 'prices.get')
      async get(@Payload() sku: string) {
        await new Promise(setImmediate);
        return { sku, price: 3 };
      }
    }
    const app = await testApp([Audit, Slow]);
    const { payload } = await app.broker('events').request('prices.get', 'A-100');
    expect(payload).toEqual({ sku: 'A-100', price: 3 });
  });

  it('whose answer is too large ends by an error at once', async () => {
    @Injectable()
    class Large {
      @Subscribe('events', 'large')
      get(@Payload() _any: unknown) {
        return 'x'.repeat(1_100_000);
      }
    }
    const { broker } = await testApp([Large]);
    await expect(broker('events').request('large', 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_FAILED',
      message: expect.stringContaining('the server takes 1048576'),
    });
    expect(broker('events').health().counts).toMatchObject({ failed: 1 });
  });

  it('is refused on Kafka by the code of production, and nothing is published', async () => {
    const app = await testApp([Prices]);
    await expect(app.broker('orders').request('prices.get', 'A-100')).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_UNSUPPORTED',
    });
    expect(app.harness.published('orders')).toEqual([]);
  });
});
