import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { eventually } from '../support/eventually.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';

const retry = { attempts: 1 };

@Injectable()
class Handlers {
  /** Payloads whose handler fails, and how often. */
  readonly failing: Record<string, number> = {};

  @Subscribe('orders', 'incoming', { retry })
  onOrder(@Payload() text: string) {
    this.fail(text);
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }), { retry })
  async onEvent(@Payload() text: string) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.fail(text);
  }

  private fail(text: string): void {
    const left = this.failing[text] ?? 0;
    this.failing[text] = left - 1;
    if (left > 0) throw new Error(`${text} ${String(left)}`);
  }
}

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Handlers]);
});
afterEach(closeTestApps);

describe('clock', () => {
  it('goes from timer to timer, and what one sets off is done before the next', async () => {
    app.harness.expectFailures();
    Object.assign(app.get(Handlers).failing, { a: 1, b: 2 });
    await app.harness.publish('events', toStream('events.new'), 'a');
    await app.harness.clock.advance(400);
    await app.harness.publish('orders', 'incoming', 'b');
    const start = app.harness.clock.now();
    expect(await app.harness.clock.next()).toBe(true);
    expect(app.harness.clock.now() - start).toBe(600);
    expect(app.harness.deliveries({ handler: 'Handlers.onEvent' }).map(({ outcome }) => outcome)).toEqual([
      'nacked',
      'acked',
    ]);
    expect(await app.harness.clock.next()).toBe(true);
    expect(app.harness.clock.now() - start).toBe(1_000);
    expect(app.harness.deliveries({ handler: 'Handlers.onOrder' })).toMatchObject([{ outcome: 'nacked', attempt: 2 }]);
    expect(await app.harness.clock.next()).toBe(true);
    expect(app.harness.clock.now() - start).toBe(3_000);
    expect(app.harness.pending()).toEqual([]);
  });

  it('stays where it is when nothing waits; leases of what is done are no timers', async () => {
    await app.harness.publish('events', toStream('events.new'), 'a');
    const before = app.harness.clock.now();
    expect(await app.harness.clock.next()).toBe(false);
    expect(app.harness.clock.now()).toBe(before);
  });

  it('moves all the way although something fails on the way, and then tells it', async () => {
    app.get(Handlers).failing.a = 3;
    await expect(app.harness.publish('orders', 'incoming', 'a')).rejects.toThrow('a 3');
    const before = app.harness.clock.now();
    await expect(app.harness.clock.advance(3_500)).rejects.toThrow('a 1');
    expect(app.harness.clock.now() - before).toBe(3_500);
    await app.harness.clock.advance(4_000);
    expect(app.harness.deliveries()).toMatchObject([{ outcome: 'acked', attempt: 4 }]);
  });

  it('tells no failure that a later attempt on the way has made good', async () => {
    app.get(Handlers).failing.a = 3;
    await expect(app.harness.publish('orders', 'incoming', 'a')).rejects.toThrow('a 3');
    await app.harness.clock.advance(60_000);
    expect(app.harness.deliveries()).toMatchObject([{ outcome: 'acked', attempt: 4 }]);
  });

  it('does not run by itself', async () => {
    const [before, from] = [app.harness.clock.now(), performance.now()];
    await eventually(() => performance.now() > from + 10);
    expect(app.harness.clock.now()).toBe(before);
  });
});
