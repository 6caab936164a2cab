import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import fc from 'fast-check';
import { type Broker, InjectBroker, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const { setTimeout: startTimer, setImmediate: nextTurn } = globalThis;

/** How a handler takes its time before it goes on. */
type Pace = 'none' | 'microtasks' | 'turns' | 'timer';
interface Order {
  readonly hops: number;
  readonly pace: Pace;
  readonly fails: boolean;
}

async function take(pace: Pace): Promise<void> {
  if (pace === 'microtasks') for (let count = 0; count < 20; count++) await Promise.resolve();
  if (pace === 'turns') for (let count = 0; count < 5; count++) await new Promise((resolve) => nextTurn(resolve));
  if (pace === 'timer') await new Promise((resolve) => startTimer(resolve, 3));
}

/** Passes an order on, from broker to broker, by result, by sequence and by hand, until its hops are used up. */
@Injectable()
class Maze {
  handled = 0;

  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  @Subscribe('orders', 'a', { retry: { attempts: 2 } })
  @PublishTo('events', toStream('s.b'))
  byResult(@Payload() order: Order) {
    return this.next(order);
  }

  @Subscribe('events', stream('S', { subjects: ['s.>'], durable: 'd' }), { retry: { attempts: 2 } })
  @PublishTo('events', 'c')
  async *bySequence(@Payload() order: Order) {
    const next = await this.next(order);
    if (next === undefined) return;
    yield next;
    await take(order.pace);
    yield { ...next, hops: 0 };
  }

  @Subscribe('events', 'c', { retry: { attempts: 2 } })
  async byHand(@Payload() order: Order) {
    const next = await this.next(order);
    if (next !== undefined) void this.orders.publish('a', next, { key: 'one' });
  }

  private async next(order: Order): Promise<Order | undefined> {
    await take(order.pace);
    this.handled++;
    if (order.fails && order.hops === 1) throw new Error('at the last hop');
    return order.hops > 0 ? { ...order, hops: order.hops - 1 } : undefined;
  }
}

afterEach(closeTestApps);

const orders = fc.array(
  fc.record({
    hops: fc.integer({ min: 0, max: 7 }),
    pace: fc.constantFrom<Pace>('none', 'microtasks', 'turns', 'timer'),
    fails: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

describe('rest', () => {
  it('is never told too early: nothing happens after it but by the clock', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (all) => {
        const { harness, broker, get } = await testApp([Maze]);
        harness.expectFailures();
        await Promise.all(all.map((order) => broker('orders').publish('a', order, { key: 'one' })));
        await harness.settled();
        const before = [get(Maze).handled, harness.deliveries().length, harness.published('events').length];
        await new Promise((resolve) => startTimer(resolve, 8));
        expect([get(Maze).handled, harness.deliveries().length, harness.published('events').length]).toEqual(before);
        const open = harness.deliveries({ outcome: 'pending' });
        expect(open).toEqual([]);
        await closeTestApps();
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
