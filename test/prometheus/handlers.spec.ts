import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, NackMessage, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream } from '../../lib/nats/index.js';
import { closeHttpApps } from '../support/http-app.js';
import { measuredOnTwins } from './support.js';

afterEach(closeHttpApps);

@Injectable()
class Bridge {
  @Subscribe('orders', 'incoming', { deadLetter: 'letters', retry: { attempts: 2, delayMs: 100 } })
  @PublishTo('events', 'outgoing')
  pass(@Payload() text: string) {
    if (text === 'bad') throw new Error('It cannot be done');
    return text;
  }

  nacks = 1;
  @Subscribe('events', stream('STORED', { durable: 'd', subjects: ['stored.>'] }))
  store() {
    if (this.nacks-- > 0) throw new NackMessage({ delayMs: 1_000 });
  }
}

const pass = { broker: 'orders', address: 'incoming', handler: 'Bridge.pass' };
const store = { broker: 'events', address: 'STORED', handler: 'Bridge.store' };

describe('a handler', () => {
  it('is counted by what became of its messages, and its calls are timed', async () => {
    const { harness, scrape } = await measuredOnTwins({ providers: [Bridge] });
    harness.expectFailures();
    for (const text of ['good', 'fine', 'bad']) await harness.publish('orders', 'incoming', text);
    const found = await scrape();
    expect(found.value('handler_duration_seconds_count', pass)).toBe(4);
    expect(found.value('messages_handled_total', pass)).toBe(2);
    expect(found.value('handler_failures_total', pass)).toBe(2);
    expect(found.value('handler_retries_total', pass)).toBe(1);
    expect(found.value('messages_dead_lettered_total', pass)).toBe(1);
    expect(found.value('messages_rejected_total', pass)).toBe(0);
    expect(found.value('messages_held', pass)).toBe(0);
  });

  it('that fails holds its message until the next call', async () => {
    @Injectable()
    class Failing {
      failures = 1;
      @Subscribe('orders', 'incoming', { retry: { attempts: 1 } })
      pass() {
        if (this.failures-- > 0) throw new Error('The database is down');
      }
    }
    const held = { broker: 'orders', address: 'incoming', handler: 'Failing.pass' };
    const { harness, scrape } = await measuredOnTwins({ providers: [Failing] });
    harness.expectFailures();
    await harness.publish('orders', 'incoming', 'x');
    const before = await scrape();
    expect([before.value('messages_held', held), before.value('messages_unsettled', held)]).toEqual([1, 1]);
    await harness.clock.next();
    const after = await scrape();
    expect([after.value('messages_held', held), after.value('messages_unsettled', held)]).toEqual([0, 0]);
  });

  it('that hands a message back has it redelivered', async () => {
    const { harness, scrape } = await measuredOnTwins({ providers: [Bridge] });
    await harness.publish('events', 'stored.one', 1);
    await harness.clock.advance(1_000);
    const found = await scrape();
    expect(found.value('messages_redelivered_total', store)).toBe(1);
    expect(found.value('messages_handled_total', store)).toBe(1);
  });

  it('that is running is in flight', async () => {
    let release = (): void => undefined;
    @Injectable()
    class Slow {
      @Subscribe('orders', 'incoming')
      wait() {
        return new Promise<void>((resolve) => (release = resolve));
      }
    }
    const { app, scrape } = await measuredOnTwins({ providers: [Slow] });
    await app.get(MultiBroker).get('orders').publish('incoming', 'x');
    const labels = { broker: 'orders', handler: 'Slow.wait' };
    await new Promise(setImmediate);
    expect((await scrape()).value('handler_calls_in_flight', labels)).toBe(1);
    release();
    await new Promise(setImmediate);
    expect((await scrape()).value('handler_calls_in_flight', labels)).toBe(0);
  });

  it('has its lag, asked once in five seconds', async () => {
    const { app, harness, scrape } = await measuredOnTwins({ providers: [Bridge] });
    const handler = app.get(MultiBroker).handler(Bridge, 'pass');
    handler.pause();
    await harness.publish('orders', 'incoming', 'good');
    expect((await scrape()).value('handler_lag', pass)).toBe(1);
    await harness.publish('orders', 'incoming', 'good');
    expect((await scrape()).value('handler_lag', pass)).toBe(1);
    await harness.clock.advance(5_000);
    expect((await scrape()).value('handler_lag', pass)).toBe(2);
  });

  it('that reads a wildcard has one series, whatever the subjects are', async () => {
    @Injectable()
    class Wildcard {
      @Subscribe('events', 'orders.{region}.{id}')
      read() {}
    }
    const { app, harness, scrape } = await measuredOnTwins({ providers: [Wildcard] });
    for (let id = 0; id < 5; id++) await harness.publish('events', `orders.eu.${String(id)}`, id);
    const [handle] = app.get(MultiBroker).handlers;
    const labels = { broker: 'events', address: handle?.source ?? '', handler: 'Wildcard.read' };
    const found = await scrape();
    expect(found.all('handler_duration_seconds_count')).toHaveLength(1);
    expect(found.value('handler_duration_seconds_count', labels)).toBe(5);
    expect(found.value('messages_handled_total', labels)).toBe(5);
  });
});

describe('a subscription by code', () => {
  it('is counted with the others of its broker', async () => {
    const { app, harness, scrape } = await measuredOnTwins({ providers: [Bridge] });
    await app
      .get(MultiBroker)
      .get('events')
      .subscribe('elsewhere', () => undefined);
    await harness.publish('events', 'elsewhere', 1);
    const labels = { broker: 'events', address: '(other)', handler: '(other)' };
    const found = await scrape();
    expect(found.value('messages_handled_total', labels)).toBe(1);
    expect(found.value('handler_duration_seconds_count', labels)).toBe(1);
  });
});
