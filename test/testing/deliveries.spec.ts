import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Injectable, UseGuards } from '@nestjs/common';
import { bytes, Ctx, MessageContext, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { z } from 'zod';
import { closeTestApps, events, testApp, type TestApp } from '../support/test-app.js';
import { kafkaBroker } from '../../lib/kafka/index.js';

class Nobody implements CanActivate {
  canActivate() {
    return false;
  }
}

@Injectable()
class Handlers {
  failing = 0;

  @Subscribe('orders', 'incoming')
  onOrder(@Payload() _order: unknown) {
    if (this.failing-- > 0) throw new Error('not yet', { cause: new Error('the database', { cause: 'is down' }) });
  }

  @Subscribe('orders', 'valid', { schema: z.object({ id: z.number() }), ack: 'reject-on-error' })
  onValid(_order: { id: number }) {}

  @Subscribe('orders', 'guarded')
  @UseGuards(Nobody)
  guarded() {}

  @Subscribe('orders', 'first', { ack: 'ack-first', retry: { attempts: 1 } })
  ackFirst() {
    throw new Error('after the ack');
  }

  @Subscribe('events', 'core', { retry: { attempts: 1 } })
  core() {
    throw new Error('nobody brings it back');
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }), { retry: { attempts: 1 } })
  event() {
    if (this.failing-- > 0) throw new Error('not yet');
  }

  @Subscribe('orders', 'refused')
  @PublishTo('events', toStream('no.stream'))
  publishes() {
    return 'x';
  }

  @Subscribe('orders', 'rejecting')
  rejects(@Payload() _: unknown, @Ctx() context: MessageContext) {
    context.reject('no good');
  }
}

const orders = kafkaBroker({
  name: 'orders',
  groupId: 'g',
  client: { brokers: ['localhost:9092'] },
  addresses: { incoming: 'orders.v1' },
});

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Handlers], { definitions: [orders, events] });
  app.harness.expectFailures();
});
afterEach(closeTestApps);

describe('deliveries()', () => {
  it('tells each arrival with body, payload, key, headers and outcome', async () => {
    await app.harness.publish('orders', 'incoming', { id: 1 }, { key: 'k', headers: { a: '1' } });
    const [one] = app.harness.deliveries();
    expect(one).toMatchObject({
      broker: 'orders',
      handler: 'Handlers.onOrder',
      destination: 'orders.v1',
      payload: { id: 1 },
      key: 'k',
      headers: { a: '1' },
      outcome: 'acked',
      attempt: 1,
      carried: false,
      causes: [],
    });
    expect(Buffer.from(one?.body ?? []).toString()).toBe('{"id":1}');
    expect(one).not.toHaveProperty('error');
    expect(one?.durationMs).toBeGreaterThan(0);
  });

  it('keeps every attempt, its error and the delay that production would have', async () => {
    app.get(Handlers).failing = 2;
    await app.harness.publish('orders', 'incoming', 'x');
    expect(app.harness.deliveries()).toMatchObject([
      {
        outcome: 'acked',
        attempt: 3,
        attempts: [
          { attempt: 1, error: { message: 'not yet' }, nextInMs: 100 },
          { attempt: 2, error: { message: 'not yet' }, nextInMs: 200 },
          { attempt: 3 },
        ],
      },
    ]);
  });

  it('of what is held is one, that of what is brought again one each', async () => {
    app.get(Handlers).failing = 3;
    await app.harness.publish('orders', 'incoming', 'x');
    expect(app.harness.deliveries()).toMatchObject([{ outcome: 'nacked', attempt: 3 }]);
    await app.harness.clock.advance(1_000);
    expect(app.harness.deliveries()).toMatchObject([{ outcome: 'acked', attempt: 4 }]);
    app.harness.reset();
    app.get(Handlers).failing = 1;
    await app.harness.publish('events', toStream('events.new'), 'x').catch(() => undefined);
    await app.harness.clock.advance(1_000);
    expect(app.harness.deliveries()).toMatchObject([
      { handler: 'Handlers.event', outcome: 'nacked', attempt: 1 },
      { handler: 'Handlers.event', outcome: 'acked', attempt: 2 },
    ]);
  });

  it('gives the chain of causes', async () => {
    app.get(Handlers).failing = 9;
    await app.harness.publish('orders', 'incoming', 'x');
    const [one] = app.harness.deliveries();
    expect(one?.error).toBe(one?.causes[0]);
    expect(one?.causes.slice(1)).toEqual([expect.objectContaining({ message: 'the database' }), 'is down']);
  });

  it('holds what never came to the handler: undecodable, invalid, refused by a guard', async () => {
    await app.harness.publish('orders', 'incoming', Buffer.from('{'), {
      codec: bytes,
      headers: { 'content-type': 'application/json' },
    });
    await app.harness.publish('orders', 'valid', { id: 'one' });
    await app.harness.publish('orders', 'guarded', 'x');
    expect(app.harness.deliveries()).toMatchObject([
      {
        handler: 'Handlers.onOrder',
        outcome: 'nacked',
        payload: undefined,
        error: { code: 'MULTI_BROKER_UNDECODABLE' },
      },
      { handler: 'Handlers.onValid', outcome: 'rejected', error: { code: 'MULTI_BROKER_SCHEMA_INVALID' } },
      { handler: 'Handlers.guarded', outcome: 'rejected', payload: 'x', error: { message: 'Forbidden resource' } },
    ]);
    for (const method of ['onOrder', 'onValid', 'guarded'] as const) {
      expect(app.harness.handler(Handlers, method)).not.toHaveBeenCalled();
    }
  });

  it('holds what was handled but could not be published', async () => {
    await app.harness.publish('orders', 'refused', 'x');
    expect(app.harness.handler(Handlers, 'publishes')).toHaveBeenCalledTimes(1);
    expect(app.harness.deliveries()).toMatchObject([
      { handler: 'Handlers.publishes', outcome: 'nacked', error: { code: 'MULTI_BROKER_DESTINATION_UNKNOWN' } },
    ]);
  });

  it('tells what failed and does not come again', async () => {
    await app.harness.publish('orders', 'first', 'x');
    await app.harness.publish('events', 'core', 'x');
    await app.harness.publish('orders', 'rejecting', 'x');
    expect(app.harness.deliveries().map(({ handler, outcome }) => [handler, outcome])).toEqual([
      ['Handlers.ackFirst', 'failed'],
      ['Handlers.core', 'failed'],
      ['Handlers.rejects', 'rejected'],
    ]);
  });

  it('holds those of subscriptions by hand', async () => {
    await app.broker('events').subscribe('by.hand', function byHand() {});
    await app.harness.publish('events', 'by.hand', 'x');
    expect(app.harness.deliveries()).toMatchObject([{ handler: 'byHand', broker: 'events', outcome: 'acked' }]);
  });

  it('can be asked for by broker, handler, destination and outcome', async () => {
    await app.harness.publish('orders', 'incoming', 'x');
    await app.harness.publish('orders', 'rejecting', 'y');
    const count = (filter: Parameters<typeof app.harness.deliveries>[0]) => app.harness.deliveries(filter).length;
    expect([
      count({ broker: 'orders' }),
      count({ broker: 'events' }),
      count({ handler: 'Handlers.onOrder' }),
      count({ broker: 'orders', destination: 'incoming' }),
      count({ destination: 'orders.v1' }),
      count({ destination: 'rejecting', outcome: 'rejected' }),
      count({ destination: 'rejecting', outcome: 'acked' }),
    ]).toEqual([2, 0, 1, 1, 1, 1, 0]);
  });

  it('changes nothing of what was told before', async () => {
    app.get(Handlers).failing = 3;
    await app.harness.publish('orders', 'incoming', 'x');
    const before = app.harness.deliveries();
    await app.harness.clock.advance(1_000);
    expect(before).toMatchObject([{ outcome: 'nacked', attempts: { length: 3 } }]);
  });
});
