import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Broker, InjectBroker, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';

const retry = { attempts: 1 };

@Injectable()
class Handlers {
  failing = 0;

  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  @Subscribe('orders', 'incoming')
  @PublishTo('events', toStream('events.new'))
  toNats(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }), { retry })
  async audit(@Payload() text: string) {
    await Promise.resolve();
    if (this.failing-- > 0) throw new Error('not yet');
    await this.orders.publish('audit', { text });
  }

  @Subscribe('events', 'events.new')
  listen() {}

  @Subscribe('orders', 'again')
  async again(@Payload() text: string) {
    await this.orders.publish('again', text, { correlate: false });
  }
}

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Handlers], { settleTimeoutMs: 300 });
});
afterEach(closeTestApps);

describe('timeline()', () => {
  it('shows what came of what, over all brokers, what handlers publish by hand included', async () => {
    await app.harness.publish('orders', 'incoming', 'tea');
    expect(String(app.harness.timeline())).toBe(
      [
        `'orders' ← incoming "tea"`,
        `└─ Handlers.toNats on 'orders' acked`,
        `   └─ 'events' ← events.new "tea"`,
        `      ├─ Handlers.audit on 'events' acked`,
        `      │  └─ 'orders' ← audit {"text":"tea"} (delivered to nobody)`,
        `      └─ Handlers.listen on 'events' acked`,
      ].join('\n'),
    );
  });

  it('shows every attempt and redelivery, with its failure', async () => {
    app.harness.expectFailures();
    app.get(Handlers).failing = 1;
    await app.harness.publish('events', toStream('events.new'), 'tea');
    await app.harness.clock.advance(1_000);
    expect(String(app.harness.timeline())).toBe(
      [
        `'events' ← events.new "tea"`,
        `├─ Handlers.audit on 'events' nacked: Error: not yet`,
        `├─ Handlers.listen on 'events' acked`,
        `└─ Handlers.audit on 'events' acked at attempt 2`,
        `   └─ 'orders' ← audit {"text":"tea"} (delivered to nobody)`,
      ].join('\n'),
    );
  });

  it('tells messages that are alike apart', async () => {
    for (const text of ['tea', 'tea']) await app.harness.publish('orders', 'incoming', text);
    const { messages } = app.harness.timeline();
    expect(messages.map(({ deliveries }) => deliveries.length)).toEqual([1, 1]);
    expect(messages.map(({ deliveries }) => deliveries[0]?.published[0]?.deliveries.length)).toEqual([2, 2]);
  });

  it('can be walked: a message, its deliveries, what they published', async () => {
    await app.harness.publish('orders', 'incoming', 'tea');
    const [message] = app.harness.timeline().messages;
    expect(message).toMatchObject({ broker: 'orders', destination: 'incoming', payload: 'tea', confirmed: true });
    expect(message?.deliveries).toMatchObject([
      { handler: 'Handlers.toNats', outcome: 'acked', published: [{ broker: 'events', destination: 'events.new' }] },
    ]);
  });

  it('shows what was not confirmed', async () => {
    await expect(app.harness.publish('events', toStream('no.stream'), 'x')).rejects.toThrow('no.stream');
    expect(String(app.harness.timeline())).toMatch(/^'events' ← no\.stream "x": not confirmed \(PublishError: /);
  });

  it('of a loop is cut: its beginning and its end', async () => {
    await expect(app.harness.publish('orders', 'again', 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_NOT_SETTLED',
    });
    const lines = app.harness.timeline().toString(31).split('\n');
    expect(lines).toHaveLength(32);
    expect(lines[10]).toMatch(/^… \d+ more lines …$/);
    app.harness.reset();
  });

  it('says so when nothing happened', () => {
    expect(String(app.harness.timeline())).toBe('(nothing was published or delivered)');
  });
});
