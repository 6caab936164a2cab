import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Catch, type ExceptionFilter, Injectable, UseFilters, UseGuards } from '@nestjs/common';
import { bytes, Ctx, MessageContext, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';

class Nobody implements CanActivate {
  canActivate() {
    return false;
  }
}

@Catch()
class Soothing implements ExceptionFilter {
  catch() {
    return 'soothed';
  }
}

@Injectable()
class Orders {
  /** How many further calls fail. */
  failing = 0;
  readonly always = new Error('the same each time');

  @Subscribe('orders', 'incoming')
  onOrder(@Payload() text: string) {
    this.fail(text);
  }

  @Subscribe('orders', 'second')
  onSecond(@Payload() text: string) {
    this.fail(text);
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'orders' }))
  onEvent(@Payload() text: string) {
    this.fail(text);
  }

  @Subscribe('orders', 'dropped', { ack: 'reject-on-error' })
  onDropped() {
    throw new Error('dropped');
  }

  @Subscribe('orders', 'same', { ack: 'reject-on-error' })
  onSame() {
    throw this.always;
  }

  @Subscribe('orders', 'filtered')
  @UseFilters(Soothing)
  onFiltered() {
    throw new Error('soothed away');
  }

  @Subscribe('orders', 'guarded')
  @UseGuards(Nobody)
  onGuarded() {}

  @Subscribe('orders', 'rejecting')
  onRejecting(@Payload() _: unknown, @Ctx() context: MessageContext) {
    context.reject('no good');
  }

  @Subscribe('orders', 'bridged', { ack: 'reject-on-error' })
  @PublishTo('events', toStream('no.stream'))
  onBridged() {
    return 'x';
  }

  private fail(text: string): void {
    if (this.failing-- > 0) throw new Error(`not ${text}`);
  }
}

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Orders]);
});
afterEach(closeTestApps);

describe('failures in a test', () => {
  it('that a retry in place makes good are none, and cost no time', async () => {
    app.get(Orders).failing = 2;
    const before = app.harness.clock.now();
    await app.harness.publish('orders', 'incoming', 'tea');
    expect(app.harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(3);
    expect(app.harness.clock.now()).toBe(before);
  });

  it('that wait to come again are told, once, and come when the clock moves (Kafka)', async () => {
    app.get(Orders).failing = 3;
    await expect(app.harness.publish('orders', 'incoming', 'tea')).rejects.toThrow('not tea');
    await app.harness.settled();
    expect(app.harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(3);
    await app.harness.clock.advance(999);
    expect(app.harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(3);
    await app.harness.clock.advance(1);
    expect(app.harness.handler(Orders, 'onOrder')).toHaveBeenCalledTimes(4);
  });

  it('that wait to come again are told, once, and come when the clock moves (JetStream)', async () => {
    app.get(Orders).failing = 3;
    await expect(app.harness.publish('events', toStream('events.new'), 'tea')).rejects.toThrow('not tea');
    await app.harness.clock.advance(999);
    expect(app.harness.handler(Orders, 'onEvent')).toHaveBeenCalledTimes(3);
    await app.harness.clock.advance(1);
    expect(app.harness.handler(Orders, 'onEvent')).toHaveBeenCalledTimes(4);
  });

  it('that were dropped are told', async () => {
    await expect(app.harness.publish('orders', 'dropped', 'x')).rejects.toThrow('dropped');
  });

  it('that kept the handler from being called are told', async () => {
    const broken = app.harness.publish('orders', 'incoming', Buffer.from('{'), {
      codec: bytes,
      headers: { 'content-type': 'application/json' },
    });
    await expect(broken).rejects.toMatchObject({ code: 'MULTI_BROKER_UNDECODABLE', handler: 'Orders.onOrder' });
    await expect(app.harness.publish('orders', 'guarded', 'x')).rejects.toThrow('Forbidden resource');
  });

  it('to publish a result are told', async () => {
    await expect(app.harness.publish('orders', 'bridged', 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_DESTINATION_UNKNOWN',
    });
  });

  it('that a filter handles are none, nor is what a handler rejects itself', async () => {
    await app.harness.publish('orders', 'filtered', 'x');
    await app.harness.publish('orders', 'rejecting', 'x');
  });

  it('are told as they are: the very error, with what happened in its stack', async () => {
    const { always } = app.get(Orders);
    const thrown = await app.harness.publish('orders', 'same', 'x').catch((error: unknown) => error);
    expect(thrown).toBe(always);
    expect(always.message).toBe('the same each time');
    expect(always.stack).toMatch(
      /in Orders\.onSame on 'orders' \(same\)\n\nTimeline:\n'orders' ← same "x"\n└─ Orders\.onSame on 'orders' rejected at attempt 3: Error: the same each time$/,
    );
  });

  it('of several handlers are told together, each with its place', async () => {
    app.get(Orders).failing = 6;
    await app.broker('orders').publish('incoming', 'a');
    const thrown = await app.harness.publish('events', toStream('events.new'), 'b').catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(AggregateError);
    expect((thrown as AggregateError).errors.map(({ message }: Error) => message)).toEqual(['not a', 'not b']);
    const { message } = thrown as Error;
    expect(message).toContain("2 failures:\n- Orders.onOrder on 'orders' (incoming), attempt 3: Error: not a\n");
    expect(message).toContain("- Orders.onEvent on 'events' (events.new), attempt 3: Error: not b\n\nTimeline:\n");
  });

  it('that are one error are told once', async () => {
    await app.broker('orders').publish('same', 'a');
    const thrown = await app.harness.publish('orders', 'same', 'b').catch((error: unknown) => error);
    expect(thrown).toBe(app.get(Orders).always);
  });

  it('of the publish itself are told with those of handlers', async () => {
    await app.broker('orders').publish('dropped', 'x');
    const thrown = await app.harness.publish('events', toStream('no.stream'), 'x').catch((error: unknown) => error);
    expect((thrown as AggregateError).errors).toMatchObject([
      { code: 'MULTI_BROKER_DESTINATION_UNKNOWN' },
      { message: 'dropped' },
    ]);
  });

  it('show as results of the mock', async () => {
    app.get(Orders).failing = 1;
    await app.harness.publish('orders', 'incoming', 'tea');
    const mock = app.harness.handler(Orders, 'onOrder');
    expect(mock).toHaveReturnedTimes(1);
    expect(mock.mock.results.map(({ type }) => type)).toEqual(['throw', 'return']);
  });
});

describe('expectFailures()', () => {
  it('lists failures in place of telling them, until reset()', async () => {
    const failures = app.harness.expectFailures();
    await app.harness.publish('orders', 'dropped', 'x');
    await app.harness.publish('orders', 'guarded', 'x');
    expect(failures.map(({ message }) => message)).toEqual(['dropped', 'Forbidden resource']);
    expect(app.harness.expectFailures()).toBe(failures);
    app.harness.reset();
    await expect(app.harness.publish('orders', 'dropped', 'x')).rejects.toThrow('dropped');
  });

  it('still tells a publish of the test that fails', async () => {
    app.harness.expectFailures();
    await expect(app.harness.publish('events', toStream('no.stream'), 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_DESTINATION_UNKNOWN',
    });
  });
});
