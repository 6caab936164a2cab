import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Broker, Ctx, InjectBroker, MessageContext, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { turns } from '../support/turns.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';
import { open } from '../support/delivery-rig.js';

const { setTimeout: startTimer } = globalThis;

@Injectable()
class Handlers {
  readonly seen: string[] = [];
  /** Awaited by `wait`. */
  gate: Promise<unknown> = Promise.resolve();

  constructor(@InjectBroker('events') private readonly events: Broker) {}

  @Subscribe('orders', 'wait')
  @PublishTo('events', 'waited')
  async wait(@Payload() text: string) {
    await this.gate;
    return text;
  }

  @Subscribe('events', 'waited')
  waited(@Payload() text: string) {
    this.seen.push(text);
  }

  @Subscribe('orders', 'computing')
  async computes(@Payload() text: string) {
    const end = performance.now() + 150;
    while (performance.now() < end);
    await turns(5);
    this.seen.push(text);
  }

  @Subscribe('orders', 'floating')
  floats(@Payload() text: string) {
    void this.events.publish('waited', text);
  }

  @Subscribe('orders', 'sequence')
  @PublishTo('events', 'waited')
  async *sequence() {
    for (const text of ['a', 'b', 'c']) {
      await new Promise((resolve) => startTimer(resolve, 5));
      yield text;
    }
  }

  @Subscribe('orders', 'failing', { retry: { attempts: 1 } })
  fails(@Payload() text: string) {
    this.seen.push(text);
    if (text === 'bad') throw new Error('bad');
  }

  @Subscribe('orders', 'endless')
  async loop(@Payload() text: string, @Ctx() context: MessageContext) {
    await context.broker.publishBatch('endless', [text, text], { correlate: false });
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }), { ack: 'manual' })
  leaves() {}
}

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Handlers]);
});
afterEach(async () => {
  jest.useRealTimers();
  await closeTestApps();
});

describe('settled()', () => {
  it('waits for a handler that waits for real time', async () => {
    app.get(Handlers).gate = new Promise((resolve) => startTimer(resolve, 60));
    await app.harness.publish('orders', 'wait', 'tea');
    expect(app.get(Handlers).seen).toEqual(['tea']);
  });

  it('waits for a handler that waits for somebody else, and for all that follows', async () => {
    const { promise, resolve } = open();
    app.get(Handlers).gate = promise;
    await app.broker('orders').publish('wait', 'tea');
    let over = false;
    const settled = app.harness.settled().then(() => (over = true));
    await turns(100);
    expect(over).toBe(false);
    resolve();
    await settled;
    expect(app.get(Handlers).seen).toEqual(['tea']);
  });

  it('waits for publishes that nobody awaits, and for sequences', async () => {
    await app.harness.publish('orders', 'floating', 'tea');
    await app.harness.publish('orders', 'sequence', 'x');
    expect(app.get(Handlers).seen).toEqual(['tea', 'a', 'b', 'c']);
  });

  it('works while a test holds the timers', async () => {
    jest.useFakeTimers();
    app.get(Handlers).gate = new Promise((resolve) => startTimer(resolve, 30));
    await app.harness.publish('orders', 'wait', 'tea');
    expect(app.get(Handlers).seen).toEqual(['tea']);
  });

  it('ends while messages wait for the clock, or to be settled by hand, and does not move the clock', async () => {
    app.harness.expectFailures();
    const before = app.harness.clock.now();
    for (const text of ['bad', 'behind', 'behind too']) {
      await app.broker('orders').publish('failing', text, { key: 'one' });
    }
    await app.broker('events').publish(toStream('events.new'), 'left');
    await app.harness.settled();
    expect(app.get(Handlers).seen).toEqual(['bad']);
    expect(app.harness.clock.now()).toBe(before);
  });

  it('tells at once that nothing comes', async () => {
    const began = performance.now();
    for (let round = 0; round < 50; round++) await app.harness.settled();
    expect(performance.now() - began).toBeLessThan(500);
    expect(app.harness.handler(Handlers, 'waited')).not.toHaveBeenCalled();
  });
});

describe('settled() does not hang', () => {
  it('gives what follows a chance after the process stood still for longer than its limit', async () => {
    app = await testApp([Handlers], { settleTimeoutMs: 100 });
    await app.broker('orders').publish('computing', 'tea');
    await app.harness.settled();
    expect(app.get(Handlers).seen).toEqual(['tea']);
  });

  it('on a handler that does not end: it is named, with how long it runs, and what waits', async () => {
    app = await testApp([Handlers], { settleTimeoutMs: 100 });
    await app.harness.publish('events', toStream('events.new'), 'left');
    app.get(Handlers).gate = new Promise(() => {});
    const error = await app.harness.publish('orders', 'wait', 'tea').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MULTI_BROKER_NOT_SETTLED', handler: 'Handlers.wait' });
    const { message } = error as Error;
    expect(message).toMatch(/Running:\n- Handlers\.wait on 'orders' \(wait\) since \d+ ms\n/);
    expect(message).toMatch(/Pending:\n- manual Handlers\.leaves on 'events' \(events\.new\)\n/);
    expect(message).toMatch(/'orders' ← wait "tea"\n└─ Handlers\.wait on 'orders' pending/);
  });

  it('on messages that beget messages for ever', async () => {
    app = await testApp([Handlers], { settleTimeoutMs: 180_000 });
    const error = await app.harness.publish('orders', 'endless', 'x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MULTI_BROKER_NOT_SETTLED' });
    const { message } = error as Error;
    expect(message).toMatch(/ 10\d{4} deliveries/);
    expect(message).toMatch(/… \d{6} later messages and deliveries …/);
  }, 180_000);
});
