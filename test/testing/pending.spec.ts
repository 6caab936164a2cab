import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Broker, Ctx, InjectBroker, MessageContext, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';

const retry = { attempts: 1 };

@Injectable()
class Handlers {
  failing = 1;
  readonly left: MessageContext[] = [];

  constructor(@InjectBroker('events') private readonly events: Broker) {}

  @Subscribe('orders', 'held', { retry })
  held() {
    if (this.failing-- > 0) throw new Error('not yet');
  }

  @Subscribe('orders', 'manual', { ack: 'manual' })
  manual() {}

  @Subscribe('orders', 'nacked')
  nacks(@Payload() _text: string, @Ctx() context: MessageContext) {
    if (this.failing-- > 0) context.nack({ delayMs: 5_000 });
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }), { retry })
  event() {
    if (this.failing-- > 0) throw new Error('not yet');
  }

  @Subscribe('events', stream('LEFT', { subjects: ['left.>'], durable: 'd' }), { ack: 'manual' })
  leaves(@Payload() _text: string, @Ctx() context: MessageContext) {
    this.left.push(context);
  }

  @Subscribe('orders', 'asking', { retry, ack: 'reject-on-error' })
  async asks(@Payload() _text: string) {
    await this.events.request('nobody.answers', 'x', { timeoutMs: 1_000 });
  }

  @Subscribe('orders', 'bridged')
  @PublishTo('events', toStream('nowhere.new'))
  bridge(@Payload() text: string) {
    return text;
  }
}

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Handlers]);
  app.harness.expectFailures();
});
afterEach(closeTestApps);

describe('pending()', () => {
  it('is empty when all is done', async () => {
    app.get(Handlers).failing = 0;
    await app.harness.publish('orders', 'held', 'x');
    await app.harness.publish('events', toStream('events.new'), 'x');
    expect(app.harness.pending()).toEqual([]);
  });

  it('tells what Kafka holds, and how many wait behind it', async () => {
    for (const text of ['a', 'b', 'c']) await app.harness.publish('orders', 'held', text, { key: 'one' });
    const now = app.harness.clock.now();
    expect(app.harness.pending()).toEqual([
      {
        why: 'hold',
        broker: 'orders',
        handler: 'Handlers.held',
        destination: 'held',
        position: expect.stringMatching(/held/),
        attempt: 1,
        messages: 1,
        error: expect.objectContaining({ message: 'not yet' }),
        dueAt: now + 1_000,
        inMs: 1_000,
      },
      {
        why: 'queued',
        broker: 'orders',
        handler: 'Handlers.held',
        destination: expect.stringMatching(/^held\[\d\]$/),
        messages: 2,
      },
    ]);
    await app.harness.clock.advance(999);
    expect(app.harness.pending()).toMatchObject([{ why: 'hold', inMs: 1 }, { why: 'queued' }]);
    await app.harness.clock.advance(1);
    expect(app.harness.pending()).toEqual([]);
  });

  it('tells what a handler has sent back until later', async () => {
    await app.harness.publish('orders', 'nacked', 'x');
    expect(app.harness.pending()).toMatchObject([{ why: 'hold', handler: 'Handlers.nacks', inMs: 5_000 }]);
    await app.harness.clock.advance(5_000);
    expect(app.harness.pending()).toEqual([]);
  });

  it('tells what JetStream brings again', async () => {
    await app.harness.publish('events', toStream('events.new'), 'x');
    expect(app.harness.pending()).toMatchObject([
      { why: 'redelivery', broker: 'events', handler: 'Handlers.event', destination: 'events.new', inMs: 1_000 },
    ]);
    await app.harness.clock.next();
    expect(app.harness.pending()).toEqual([]);
  });

  it('tells what a handler has left unsettled, until it settles it', async () => {
    await app.harness.publish('events', toStream('left.new'), 'x');
    await app.harness.publish('orders', 'manual', 'x');
    expect(app.harness.pending()).toMatchObject([
      { why: 'manual', broker: 'events', handler: 'Handlers.leaves', destination: 'left.new', messages: 1 },
      { why: 'manual', broker: 'orders', handler: 'Handlers.manual' },
    ]);
    app.get(Handlers).left[0]?.ack();
    expect(app.harness.pending()).toMatchObject([{ broker: 'orders' }]);
  });

  it('tells what a subscription by hand has paused', async () => {
    const subscription = await app.broker('events').subscribe('by.hand', () => {});
    subscription.pause();
    await app.harness.publish('events', 'by.hand', 'x');
    expect(app.harness.pending()).toMatchObject([{ why: 'queued', broker: 'events', messages: 1 }]);
    subscription.resume();
    await app.harness.settled();
    expect(app.harness.pending()).toEqual([]);
  });

  it('tells for which answers a handler or a test waits, and lets the clock go on to their time-out', async () => {
    (await app.broker('events').subscribe('nobody.answers', () => {})).pause();
    const asking = app.broker('events').request('nobody.answers', 'x', { timeoutMs: 500 });
    await app.harness.publish('orders', 'asking', 'x');
    expect(app.harness.pending()).toMatchObject([
      { why: 'timer', what: 'answer of subject nobody.answers', inMs: 500 },
      { why: 'timer', what: 'answer of subject nobody.answers', inMs: 1_000 },
      { why: 'queued', messages: 2 },
    ]);
    const late = expect(asking).rejects.toMatchObject({ code: 'MULTI_BROKER_REQUEST_TIMEOUT' });
    await app.harness.clock.next();
    await late;
    expect(app.harness.deliveries()).toMatchObject([{ handler: 'Handlers.asks', outcome: 'pending' }]);
    await app.harness.clock.next();
    expect(app.harness.deliveries()).toMatchObject([
      { outcome: 'rejected', error: { code: 'MULTI_BROKER_REQUEST_TIMEOUT' } },
    ]);
  });

  it('keeps what waits over reset()', async () => {
    await app.harness.publish('orders', 'held', 'x');
    app.harness.reset();
    expect(app.harness.deliveries()).toEqual([]);
    expect(app.harness.pending()).toMatchObject([{ why: 'hold' }]);
    await app.harness.clock.next();
    expect(app.harness.deliveries()).toMatchObject([{ handler: 'Handlers.held', outcome: 'acked', attempt: 2 }]);
  });
});
