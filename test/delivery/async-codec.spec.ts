import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { auto, type Codec, type Encoded, json, outgoing, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

/** As one that asks a registry: the first payload takes longer than the others. */
class Registry implements Codec {
  private asked = 0;

  async encode(payload: unknown): Promise<Encoded> {
    for (let turn = this.asked++ === 0 ? 20 : 1; turn > 0; turn--) await new Promise((done) => setImmediate(done));
    return json.encode({ registered: payload });
  }

  async decode(body: Uint8Array): Promise<unknown> {
    await new Promise((done) => setImmediate(done));
    return (json.decode(body, undefined) as { registered: unknown }).registered;
  }
}

const noBody = { encode: () => 'x' as unknown as Encoded, decode: auto.decode };

class Unreachable extends Registry {
  override encode(): Promise<Encoded> {
    return Promise.reject(new Error('the registry is away'));
  }

  override decode(): Promise<unknown> {
    return Promise.reject(Object.assign(new Error('the registry is away'), { retryable: true }));
  }
}

@Injectable()
class Bridge {
  readonly seen: unknown[] = [];

  @Subscribe('orders', 'in')
  @PublishTo('events', 'out', { codec: new Registry() })
  pass(@Payload() payload: unknown) {
    return payload;
  }

  @Subscribe('orders', 'items')
  @PublishTo('events', 'out', { codec: new Registry() })
  @PublishTo('events', 'copy', { codec: new Registry() })
  each() {
    return outgoing.each([1, 2, 3]);
  }

  @Subscribe('events', 'out', { codec: new Registry(), filter: ({ payload }) => payload !== 'unwanted' })
  read(@Payload() payload: unknown) {
    this.seen.push(payload);
  }

  @Subscribe('orders', 'none', { retry: { attempts: 1 } })
  @PublishTo('events', 'elsewhere', { codec: noBody })
  none() {
    return 'x';
  }

  @Subscribe('orders', 'away', { retry: { attempts: 1 } })
  @PublishTo('events', 'elsewhere', { codec: new Unreachable() })
  away() {
    return 'x';
  }

  @Subscribe('orders', 'later', { codec: new Unreachable() })
  later() {}

  @Subscribe('events', 'ask', { codec: new Registry() })
  answer(@Payload() payload: unknown) {
    return payload;
  }
}

describe('a codec that gives promises', () => {
  it('writes and reads what handlers publish, in order', async () => {
    const { harness } = await testApp([Bridge]);
    await Promise.all(
      ['a', 'unwanted', 'b', 'c'].map((payload) => harness.publish('orders', 'in', payload, { key: 'k' })),
    );
    const written = harness.published('events', 'out').map(({ payload }) => payload);
    expect(written).toEqual(['a', 'unwanted', 'b', 'c'].map((registered) => ({ registered })));
    const read = harness.handler(Bridge, 'read').mock.calls.map(([payload]) => payload);
    expect(read).toEqual(['a', 'b', 'c']);
  });

  it('writes each item to each publisher', async () => {
    const { harness } = await testApp([Bridge]);
    await harness.publish('orders', 'items', 'x');
    for (const address of ['out', 'copy']) {
      expect(harness.published('events', address).map(({ payload }) => payload)).toEqual(
        [1, 2, 3].map((registered) => ({ registered })),
      );
    }
  });

  it('writes explicit publishes in the order of the calls, one without promises behind it included', async () => {
    const { harness, broker } = await testApp([]);
    const codec = new Registry();
    const orders = broker('orders');
    await Promise.all([
      orders.publish('hand', 1, { codec }),
      orders.publish('hand', 2, { codec }),
      orders.publish('hand', 3),
      orders.publishBatch('hand', [4, 5], { codec }),
    ]);
    const written = harness.published('orders', 'hand').map(({ payload }) => payload);
    expect(written).toEqual([{ registered: 1 }, { registered: 2 }, 3, { registered: 4 }, { registered: 5 }]);
  });

  it('reads requests, and answers', async () => {
    const { broker } = await testApp([Bridge]);
    const codec = new Registry();
    const { payload } = await broker('events').request('ask', 'x', {
      codec: { encode: (p) => codec.encode(p), decode: auto.decode },
    });
    expect(payload).toBe('x');
  });

  it('fails with codec, handler and broker where it rejects, or gives no body', async () => {
    const { harness, broker } = await testApp([Bridge]);
    for (const [address, by] of [
      ['away', 'codec Unreachable'],
      ['none', 'its codec'],
    ]) {
      await expect(harness.publish('orders', address!, 'x')).rejects.toMatchObject({
        code: 'MULTI_BROKER_UNENCODABLE',
        handler: `Bridge.${address}`,
        broker: 'events',
        message: expect.stringContaining(
          `What Bridge.${address} returned cannot be encoded by ${by} for broker 'events'`,
        ) as unknown,
      });
    }
    for (const codec of [new Unreachable(), noBody]) {
      await expect(broker('orders').publish('x', 'y', { codec })).rejects.toMatchObject({
        code: 'MULTI_BROKER_UNENCODABLE',
      });
    }
  });

  it('is asked again in place where it says that it may succeed later', async () => {
    const { harness } = await testApp([Bridge]);
    await expect(harness.publish('orders', 'later', 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_UNDECODABLE',
      retryable: true,
    });
    expect(harness.deliveries({ handler: 'Bridge.later' })[0]?.attempts).toHaveLength(3);
  });
});
