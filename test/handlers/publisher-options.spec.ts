import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { from } from 'rxjs';
import { z } from 'zod';
import { type Broker, type MessageContext, outgoing, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import type { MultiBrokerHarness } from '../../lib/testing/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const shipment = z.object({ id: z.number(), at: z.string().default('never') });
const slow = shipment.refine(async ({ id }) => {
  await new Promise((resolve) => setTimeout(resolve, id === 1 ? 20 : 1));
  return true;
});
const invalid = { id: 'topsecret' } as unknown as z.input<typeof shipment>;

const payloads = (harness: MultiBrokerHarness, broker: string, destination: string): unknown[] =>
  harness.published(broker, destination).map(({ payload }) => payload);

describe.each([
  ['synchronous', shipment],
  ['asynchronous', slow],
])('a publisher with a schema (%s)', (_, schema) => {
  it('publishes what the schema gives, and its functions get what the handler returned', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming')
      @PublishTo('events', 'shipped', { schema, key: (given: { more: string }) => given.more })
      ship(@Payload() id: number) {
        return { id, more: `more ${String(id)}` };
      }
    }
    const { harness } = await testApp([Orders]);
    await harness.publish('orders', 'incoming', 7);
    expect(harness.published('events', 'shipped')).toMatchObject([{ payload: { id: 7, at: 'never' }, key: 'more 7' }]);
    expect(harness.published('events', 'shipped')[0]?.payload).not.toHaveProperty('more');
  });

  it('that refuses a result keeps every other publisher from publishing it, and the message is not retried', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { ack: 'reject-on-error' })
      @PublishTo('events', 'refused', { schema })
      @PublishTo('events', 'first')
      ship() {
        return invalid;
      }
    }
    const { harness } = await testApp([Orders]);
    const failure: unknown = await harness.publish('orders', 'incoming', 1).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: 'MULTI_BROKER_SCHEMA_INVALID', retryable: false, handler: 'Orders.ship' });
    expect(String(failure)).toMatch(/not valid for 'refused' on broker 'events'.*id: /);
    expect(String(failure)).not.toContain('topsecret');
    expect(harness.published('events')).toEqual([]);
    expect(harness.deliveries()).toMatchObject([{ outcome: 'rejected' }]);
    expect(harness.deliveries()[0]?.attempts).toHaveLength(1);
  });

  it.each([
    ['outgoing.each', (items: unknown[]) => outgoing.each(items)],
    ['an Observable', (items: unknown[]) => from(items)],
    [
      'an AsyncIterable',
      async function* (items: unknown[]) {
        yield* items;
      },
    ],
  ])('that refuses the last item of %s publishes none of them', async (_, result) => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { ack: 'reject-on-error' })
      @PublishTo('events', 'shipped', { schema: schema })
      ship(@Payload() ids: unknown[]) {
        return result(ids);
      }
    }
    const { harness } = await testApp([Orders]);
    await harness.publish('orders', 'incoming', [{ id: 1 }, { id: 2 }]);
    await harness.publish('orders', 'incoming', [{ id: 3 }, { id: 'x' }]).catch(() => undefined);
    expect(payloads(harness, 'events', 'shipped')).toEqual([
      { id: 1, at: 'never' },
      { id: 2, at: 'never' },
    ]);
  });

  it('keeps the order of the results', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming')
      @PublishTo('events', 'shipped', { schema })
      ship(@Payload() id: number) {
        return { id };
      }
    }
    const { harness, broker } = await testApp([Orders]);
    await broker('orders').publishBatch('incoming', [1, 2, 3]);
    await harness.settled();
    expect(payloads(harness, 'events', 'shipped')).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('and bestEffort loses what is refused, alone', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming')
      @PublishTo('events', 'statistics', { schema, bestEffort: true })
      @PublishTo('events', 'kept')
      ship() {
        return invalid;
      }
    }
    const { harness, broker } = await testApp([Orders]);
    await harness.publish('orders', 'incoming', 1);
    expect(harness.published('events').map(({ destination }) => destination)).toEqual(['kept']);
    expect(broker('orders').health().counts).toMatchObject({ unpublished: 1, failed: 0 });
  });
});

describe('a publisher with when', () => {
  @Injectable()
  class Orders {
    @Subscribe('orders', 'incoming')
    @PublishTo('events', 'large', { when: (total: number) => total > 100 })
    @PublishTo('events', 'named', { when: (_, { message }: MessageContext) => message.key !== undefined })
    @PublishTo('events', 'all')
    each(@Payload() totals: number[]) {
      return outgoing.each(totals);
    }
  }

  it('publishes the items for which it returns true, and others publish theirs', async () => {
    const { harness } = await testApp([Orders]);
    await harness.publish('orders', 'incoming', [50, 150, 250]);
    expect(payloads(harness, 'events', 'large')).toEqual([150, 250]);
    expect(payloads(harness, 'events', 'named')).toEqual([]);
    expect(payloads(harness, 'events', 'all')).toEqual([50, 150, 250]);
    expect(harness.deliveries({ handler: 'Orders.each' })).toMatchObject([{ outcome: 'acked' }]);
  });

  it('publishes nothing of a result that nobody wants, and the message is acked', async () => {
    @Injectable()
    class Never {
      @Subscribe('orders', 'incoming')
      @PublishTo('events', 'never', { when: () => false })
      each() {
        return 'x';
      }
    }
    const { harness } = await testApp([Never]);
    await harness.publish('orders', 'incoming', 1);
    expect([harness.published('events'), harness.deliveries()[0]?.outcome]).toEqual([[], 'acked']);
  });

  it('is asked before the schema, which sees no result that is not wanted', async () => {
    @Injectable()
    class Some {
      @Subscribe('orders', 'incoming')
      @PublishTo('events', 'valid', { schema: shipment, when: ({ id }: { id: unknown }) => typeof id === 'number' })
      each() {
        return invalid;
      }
    }
    const { harness } = await testApp([Some]);
    await harness.publish('orders', 'incoming', 1);
    expect(harness.published('events')).toEqual([]);
  });

  it('that returns a promise fails the message, as a promise would always be true', async () => {
    @Injectable()
    class Later {
      @Subscribe('orders', 'incoming', { ack: 'reject-on-error' })
      @PublishTo('events', 'never', { when: (async () => false) as unknown as () => boolean })
      each() {
        return 'x';
      }
    }
    const { harness } = await testApp([Later]);
    await expect(harness.publish('orders', 'incoming', 1)).rejects.toThrow(/when .* not a promise/);
    expect(harness.published('events')).toEqual([]);
  });
});

describe('a dedupe id', () => {
  const log = (broker: Broker, handled: unknown[]) =>
    broker.subscribe(stream('LOG', { durable: 'd', subjects: ['log.>'] }), (payload) => void handled.push(payload));

  it('of a publisher makes one message of two results on JetStream', async () => {
    @Injectable()
    class Orders {
      @Subscribe('events', stream('LOG', { durable: 'log', subjects: ['log.>'] }))
      read() {}

      @Subscribe('orders', 'incoming')
      @PublishTo('events', toStream('log.orders'), { dedupeId: ({ id }: { id: number }) => `order-${String(id)}` })
      pass(@Payload() order: { id: number }) {
        return order;
      }
    }
    const { harness } = await testApp([Orders]);
    for (const id of [1, 1, 2]) await harness.publish('orders', 'incoming', { id });
    expect(harness.deliveries({ handler: 'Orders.read' })).toHaveLength(2);
  });

  it.each(['', ' padded ', 'two\nlines', '\ud800', 5])('%j is refused, and nothing is published', async (id) => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { ack: 'reject-on-error' })
      @PublishTo('events', toStream('log.orders'), { dedupeId: () => id as string })
      pass() {
        return 'x';
      }
    }
    const { harness } = await testApp([Orders]);
    await expect(harness.publish('orders', 'incoming', 1)).rejects.toThrow(/dedupeId must be a printable string/);
    expect(harness.published('events')).toEqual([]);
  });

  it('of publish() makes one message of two', async () => {
    const { harness, broker } = await testApp([]);
    const handled: unknown[] = [];
    await log(broker('events'), handled);
    for (const id of ['a', 'a', 'b']) await broker('events').publish(toStream('log.x'), id, { dedupeId: id });
    await harness.settled();
    expect(handled).toEqual(['a', 'b']);
  });

  it('of publish() is refused where it has no effect', async () => {
    const { broker } = await testApp([]);
    const refused = { code: 'MULTI_BROKER_OPTION_UNSUPPORTED' };
    await expect(broker('orders').publish('x', 1, { dedupeId: 'a' })).rejects.toMatchObject(refused);
    await expect(broker('events').publish('x', 1, { dedupeId: 'a' })).rejects.toMatchObject(refused);
    const both = broker('events').publishBatch(toStream('log.x'), [1, 2], { dedupeId: 'a' });
    await expect(both).rejects.toMatchObject(refused);
  });
});

describe('publish() with a schema', () => {
  it('publishes what the schema gives', async () => {
    const { harness, broker } = await testApp([]);
    await broker('events').publish('shipped', { id: 1 }, { schema: shipment });
    await broker('events').publish('shipped', outgoing({ id: 2 }, { key: 'k' }), { schema: slow });
    expect(harness.published('events', 'shipped')).toMatchObject([
      { payload: { id: 1, at: 'never' } },
      { payload: { id: 2, at: 'never' }, key: 'k' },
    ]);
  });

  it('rejects before anything is written, with the paths of what is invalid and no values', async () => {
    const { harness, broker } = await testApp([]);
    const publishing = broker('events').publishBatch('shipped', [{ id: 1 }, invalid], { schema: shipment });
    await expect(publishing).rejects.toMatchObject({
      code: 'MULTI_BROKER_SCHEMA_INVALID',
      retryable: false,
      message: expect.not.stringContaining('topsecret'),
    });
    expect(harness.published('events')).toEqual([]);
  });
});
