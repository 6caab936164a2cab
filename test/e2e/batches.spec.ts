import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  type NestInterceptor,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { map } from 'rxjs';
import {
  BatchContext,
  type BatchHandler,
  Ctx,
  isBrokerContext,
  MultiBroker,
  outgoing,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { stream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const batch = { maxSize: 10 };
const keyed = (...payloads: readonly unknown[]) => payloads.map((payload) => outgoing(payload, { key: 'k' }));

class Admits implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    const context = host.switchToRpc().getContext<BatchContext<string>>();
    expect([isBrokerContext(host), context instanceof BatchContext]).toEqual([true, true]);
    expect(context.message.payload).toEqual(host.switchToRpc().getData());
    if (context.messages.some(({ payload }) => payload === 'refused')) throw new ForbiddenException();
    return true;
  }
}

class Counts implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<unknown[]>) {
    return next.handle().pipe(map((results) => results.map((result) => ({ result, of: results.length }))));
  }
}

@Catch(RangeError)
class Settles implements ExceptionFilter<RangeError> {
  catch(_error: RangeError, host: ArgumentsHost) {
    host.switchToRpc().getContext<BatchContext>().reject(0, 'out of range');
  }
}

@Injectable()
class Handlers {
  readonly calls: unknown[][] = [];

  @Subscribe('orders', 'guarded', { batch })
  @UseGuards(Admits)
  guarded(@Payload() payloads: unknown[]) {
    this.calls.push(payloads);
  }

  @Subscribe('orders', 'intercepted', { batch })
  @PublishTo('events', 'out')
  @UseInterceptors(Counts)
  intercepted(@Payload() payloads: unknown[]) {
    return payloads;
  }

  @Subscribe('orders', 'filtered', { batch })
  @UseFilters(Settles)
  filtered(@Payload() payloads: unknown[]) {
    this.calls.push(payloads);
    throw new RangeError('no');
  }
}

describe('of a handler with batch', () => {
  it('guards see the array; the message that one refuses is found, and rejected alone', async () => {
    const { harness, broker, get } = await testApp([Handlers]);
    await broker('orders').publishBatch('guarded', keyed('a', 'refused', 'c'));
    await harness.settled().catch(() => undefined);
    const outcomes = harness.deliveries({ broker: 'orders' }).map(({ payload, outcome }) => [payload, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({ a: 'acked', refused: 'rejected', c: 'acked' });
    expect(get(Handlers).calls.flat()).toEqual(['a', 'c']);
  });

  it('interceptors see the array and its result', async () => {
    const { harness, broker } = await testApp([Handlers]);
    await broker('orders').publishBatch('intercepted', keyed('a', 'b'));
    await harness.settled();
    expect(harness.published('events', 'out').map(({ payload }) => payload)).toEqual([
      { result: 'a', of: 2 },
      { result: 'b', of: 2 },
    ]);
  });

  it('a filter deals with an error of the whole batch, and may settle single messages', async () => {
    const { harness, broker, get } = await testApp([Handlers]);
    await broker('orders').publishBatch('filtered', keyed('a', 'b'));
    await harness.settled().catch(() => undefined);
    const outcomes = harness.deliveries({ broker: 'orders' }).map(({ payload, outcome }) => [payload, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({ a: 'rejected', b: 'acked' });
    expect(get(Handlers).calls).toEqual([['a', 'b']]);
  });

  it('an instance of request scope is made for each call; its REQUEST is the context', async () => {
    const made: BatchContext[] = [];

    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) private readonly context: BatchContext) {
        made.push(context);
      }

      @Subscribe('orders', 'in', { batch })
      on(@Payload() payloads: unknown[], @Ctx() context: BatchContext) {
        expect(context).toBe(this.context);
        expect(context.messages.map(({ payload }) => payload)).toEqual(payloads);
      }
    }
    const { harness, broker } = await testApp([Scoped]);
    await broker('orders').publishBatch('in', keyed('a', 'b'));
    await harness.settled();
    expect(made).toHaveLength(1);
  });

  it('what it publishes by hand has the correlation id of the first message', async () => {
    @Injectable()
    class Publishes {
      constructor(private readonly brokers: MultiBroker) {}

      @Subscribe('orders', 'in', { batch })
      async on() {
        await this.brokers.get('events').publish('out', 'x');
      }
    }
    const { harness, broker } = await testApp([Publishes]);
    const items = keyed('a', 'b').map((item, index) =>
      outgoing(item.payload, { ...item, headers: { 'correlation-id': `c${index}` } }),
    );
    await broker('orders').publishBatch('in', items);
    await harness.settled();
    expect(harness.published('events', 'out').map(({ headers }) => headers['correlation-id'])).toEqual(['c0']);
  });
});

it('deliveries() has the messages of a batch in order, also after a further call', async () => {
  @Injectable()
  class Fails {
    private calls = 0;

    @Subscribe('orders', 'in', { batch, retry: { delayMs: 1 } })
    on(@Payload() _payloads: unknown[]) {
      if (this.calls++ === 0) throw new Error('once');
    }
  }
  const { harness, broker } = await testApp([Fails]);
  harness.expectFailures();
  await broker('orders').publishBatch('in', keyed('a', 'b', 'c'));
  await harness.settled();
  expect(harness.deliveries().map(({ payload, outcome }) => [payload, outcome])).toEqual([
    ['a', 'acked'],
    ['b', 'acked'],
    ['c', 'acked'],
  ]);
});

describe('broker.subscribe() with batch', () => {
  it('calls the function with an array and the context of the batch', async () => {
    const { harness, broker } = await testApp([]);
    const calls: unknown[] = [];
    const handler: BatchHandler<string> = (payloads, context) => {
      calls.push(payloads, context.messages.length);
    };
    await broker('orders').subscribe('in', handler, { batch });
    await broker('orders').publishBatch('in', keyed('a', 'b'));
    await harness.settled();
    expect(calls).toEqual([['a', 'b'], 2]);
  });
});

describe.each([
  ['a stream', stream('IN', { durable: 'd', subjects: ['in.*'] })],
  ['a core subject', 'in.*'],
])('of %s', (_what, source) => {
  it('a batch waits by the clock of the test, and is one call', async () => {
    @Injectable()
    class Readings {
      @Subscribe('events', source, { batch: { maxSize: 10, maxWaitMs: 50 } })
      on(@Payload() _payloads: unknown[]) {}
    }
    const { harness } = await testApp([Readings]);
    for (const payload of ['a', 'b', 'c']) await harness.publish('events', 'in.x', payload);
    await harness.settled();
    expect(harness.handler(Readings, 'on')).not.toHaveBeenCalled();
    expect(harness.pending()).toEqual([
      expect.objectContaining({ why: 'timer', what: 'batch', inMs: 50 }),
      expect.objectContaining({ why: 'queued', handler: 'Readings.on', messages: 3 }),
    ]);
    await harness.clock.advance(50);
    expect(harness.handler(Readings, 'on')).toHaveBeenCalledTimes(1);
    expect(harness.handler(Readings, 'on')).toHaveBeenCalledWith(['a', 'b', 'c']);
    expect(harness.deliveries().map(({ outcome }) => outcome)).toEqual(['acked', 'acked', 'acked']);
  });
});
