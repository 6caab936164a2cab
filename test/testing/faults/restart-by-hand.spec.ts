import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import {
  type Broker,
  InjectBroker,
  MultiBroker,
  Payload,
  PublishTo,
  Subscribe,
  type Subscription,
} from '../../../lib/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, orders, testApp } from '../../support/test-app.js';

const JOBS = stream('JOBS', { subjects: ['jobs.>'], durable: 'worker', ackWaitMs: 20_000 });

@Injectable()
class ByHand implements OnModuleInit, OnApplicationBootstrap {
  readonly seen: string[] = [];
  readonly subscriptions: Subscription[] = [];
  inits = 0;

  constructor(
    @InjectBroker('orders') private readonly orders: Broker,
    @InjectBroker('events') private readonly events: Broker,
  ) {}

  async onModuleInit() {
    this.inits++;
    const see = (text: string): void => void this.seen.push(text);
    this.subscriptions.push(await this.events.subscribe('core', see));
    this.subscriptions.push(await this.events.subscribe(JOBS, see));
  }

  async onApplicationBootstrap() {
    this.subscriptions.push(await this.orders.subscribe('in', (text: string) => void this.seen.push(text)));
  }
}

afterEach(closeTestApps);

const optional = natsBroker({ name: 'events', client: {}, critical: false });

describe('a subscription by hand', () => {
  it('from before the start hears each message once', async () => {
    const { harness, get } = await testApp([ByHand]);
    await harness.publish('events', 'core', 'a');
    await harness.publish('orders', 'in', 'b');
    expect(get(ByHand).seen).toEqual(['a', 'b']);
  });
});

describe('a subscription by hand, over a restart', () => {
  it('that does without its broker, is made again when that comes up, before anything is handled that reaches it', async () => {
    @Injectable()
    class Bridge {
      @Subscribe('orders', 'pass')
      @PublishTo('events', 'core')
      pass(@Payload() text: string) {
        return text;
      }
    }
    const { harness, get } = await testApp([ByHand, Bridge], { definitions: [orders, optional] });
    harness.fault('events').failStart();
    await harness.restart();
    await harness.publish('orders', 'pass', 'a');
    expect([get(ByHand).seen, harness.pending()]).toMatchObject([[], [{ why: 'timer' }, { why: 'target-down' }]]);
    await harness.clock.advance(500);
    expect(get(ByHand).seen).toEqual(['a']);
    expect(harness.pending()).toEqual([]);
  });

  it('is made again as it was, and its hook is not called again', async () => {
    const { harness, get } = await testApp([ByHand]);
    harness.fault('orders').crashAt('before-settle');
    await harness.publish('orders', 'in', 'a');
    await harness.restart();
    await harness.publish('events', 'core', 'b');
    await harness.publish('events', toStream('jobs.x'), 'c');
    expect(get(ByHand).seen).toEqual(['a', 'a', 'b', 'c']);
    expect(get(ByHand).inits).toBe(1);
  });

  it('is still the one that the application holds: it can be paused, resumed and stopped', async () => {
    const { harness, get } = await testApp([ByHand]);
    await harness.restart();
    const { subscriptions, seen } = get(ByHand);
    for (const subscription of subscriptions) subscription.pause();
    await harness.publish('events', 'core', 'a');
    expect(seen).toEqual([]);
    for (const subscription of subscriptions) subscription.resume();
    await harness.settled();
    expect(seen).toEqual(['a']);
    for (const subscription of subscriptions) await subscription.stop();
    await harness.publish('events', 'core', 'b');
    await harness.publish('orders', 'in', 'c');
    expect(seen).toEqual(['a']);
  });

  it('reads, though it was paused when the process died', async () => {
    const { harness, get } = await testApp([ByHand]);
    for (const subscription of get(ByHand).subscriptions) subscription.pause();
    await harness.publish('orders', 'in', 'a');
    await harness.restart();
    expect(get(ByHand).seen).toEqual(['a']);
  });

  it('is not made again if it was stopped, before the crash or after', async () => {
    const { harness, get } = await testApp([ByHand]);
    const { subscriptions, seen } = get(ByHand);
    await subscriptions[0]?.stop();
    harness.fault('events').crashAt('before-publish');
    await harness.publish('events', 'core', 'a');
    await subscriptions[2]?.stop();
    await harness.restart();
    await harness.publish('events', 'core', 'b');
    await harness.publish('orders', 'in', 'c');
    expect(seen).toEqual([]);
  });

  it('is made again over several restarts, also after one that failed', async () => {
    const { harness, get } = await testApp([ByHand]);
    await harness.restart();
    harness.fault('events').failStart();
    await expect(harness.restart()).rejects.toThrow(/ECONNREFUSED/);
    await harness.restart();
    await harness.publish('orders', 'in', 'a');
    expect(get(ByHand).seen).toEqual(['a']);
  });

  it('of a handler is not made again: the message that it was made for may come again', async () => {
    @Injectable()
    class Opens {
      heard = 0;

      constructor(@InjectBroker('events') private readonly events: Broker) {}

      private hear(): void {
        this.heard++;
      }

      @Subscribe('orders', 'open')
      async open(@Payload() subject: string) {
        await this.events.subscribe(subject, () => this.hear());
      }
    }
    const { harness, get } = await testApp([Opens]);
    harness.fault('orders').crashAt('before-settle');
    await harness.publish('orders', 'open', 'news');
    await harness.restart();
    await harness.publish('events', 'news', 'x');
    expect(harness.handler(Opens, 'open')).toHaveBeenCalledTimes(2);
    expect(get(Opens).heard).toBe(1);
  });

  it('is gone where the application itself has stopped its brokers', async () => {
    const { moduleRef, harness, get } = await testApp([ByHand]);
    const brokers = moduleRef.get(MultiBroker, { strict: false });
    await brokers.stop();
    await brokers.start();
    await harness.publish('events', 'core', 'a');
    expect(get(ByHand).seen).toEqual([]);
  });
});
