import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import {
  type BatchContext,
  byHeader,
  Ctx,
  MessageContext,
  MultiBroker,
  Payload,
  PublishTo,
  type RedriveResult,
  Subscribe,
} from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const deadLetter = '{source}.dlq';
const retry = { attempts: 1 };
const letters = { broker: 'orders', source: 'in.dlq' };

/** Broken until it is mended. */
abstract class Breakable {
  broken = true;
  readonly seen: unknown[] = [];

  protected work(payload: unknown): void {
    if (this.broken) throw new Error('broken');
    this.seen.push(payload);
  }
}

interface Redriven<T> {
  readonly handlers: T;
  readonly result: RedriveResult;
  /** What a second redrive finds. */
  readonly again: RedriveResult;
  readonly app: Awaited<ReturnType<typeof testApp>>;
}

/** Parks one message of the handlers, mends them, and redrives it. */
async function redriven<T extends Breakable>(
  type: Type<T>,
  headers: Record<string, string> = {},
  lines: unknown[] = [],
): Promise<Redriven<T>> {
  const logger = { log() {}, error() {}, warn: (line: unknown) => lines.push(line) };
  const app = await testApp([type], { logger });
  await app.broker('orders').publish('in', { id: 1 }, { headers });
  await app.harness.settled();
  const handlers = app.get(type);
  expect(app.broker('orders').health().counts.deadLettered).toBe(1);
  handlers.broken = false;
  const multi = app.moduleRef.get(MultiBroker);
  const result = await multi.redrive(letters);
  const again = await multi.redrive(letters, { dryRun: true });
  return { handlers, result, again, app };
}

const DONE = { read: 1, redriven: 1, left: 0, failed: 0 };
const FAILED = { read: 1, redriven: 0, left: 0, failed: 1 };
const NONE = { read: 0, redriven: 0, left: 0, failed: 0 };

describe('a letter that is redriven through its handler', () => {
  it('leads to what its result is published to, and is settled after that', async () => {
    @Injectable()
    class Orders extends Breakable {
      @Subscribe('orders', 'in', { deadLetter, retry })
      @PublishTo('events', 'out')
      handle(@Payload() order: unknown) {
        this.work(order);
        return { done: order };
      }
    }
    const { result, again, app } = await redriven(Orders);
    expect([result, again]).toEqual([DONE, NONE]);
    expect(app.harness.published('events', 'out')).toMatchObject([{ payload: { done: { id: 1 } } }]);
  });

  it.each(['ack-first', 'reject-on-error'] as const)('stays where it fails again, also under %s', async (ack) => {
    @Injectable()
    class Orders extends Breakable {
      @Subscribe('orders', 'in', { deadLetter, retry, ack })
      handle() {
        throw new Error('for ever');
      }
    }
    const { result, again, app } = await redriven(Orders);
    expect([result, again.read]).toEqual([FAILED, 1]);
    expect(app.broker('orders').health().counts.deadLettered).toBe(1);
  });

  it('is settled by a manual handler: by ack(); by nack(), reject() or nothing it stays', async () => {
    @Injectable()
    class Orders extends Breakable {
      how: 'ack' | 'nack' | 'reject' | 'leave' = 'leave';

      @Subscribe('orders', 'in', { deadLetter, retry, ack: 'manual' })
      handle(@Ctx() context: MessageContext) {
        if (this.broken) context.deadLetter('broken');
        else if (this.how !== 'leave') context[this.how]();
      }
    }
    const { handlers, result, app } = await redriven(Orders);
    expect(result).toEqual(FAILED);
    const multi = app.moduleRef.get(MultiBroker);
    for (const how of ['nack', 'reject', 'ack'] as const) {
      handlers.how = how;
      expect(await multi.redrive(letters)).toEqual(how === 'ack' ? DONE : FAILED);
    }
    expect(await multi.redrive(letters)).toEqual(NONE);
  });

  it.each(['nack-on-error', 'reject-on-error', 'manual'] as const)(
    'stays one letter where its handler parks it once more under %s, and the log has the reason',
    async (ack) => {
      @Injectable()
      class Orders extends Breakable {
        @Subscribe('orders', 'in', { deadLetter, retry, ack })
        handle(@Ctx() context: MessageContext) {
          context.deadLetter(this.broken ? 'broken' : 'still no good');
        }
      }
      const lines: unknown[] = [];
      const { result, again, app } = await redriven(Orders, {}, lines);
      expect([result, again.read]).toEqual([FAILED, 1]);
      expect(app.broker('orders').health().counts.deadLettered).toBe(1);
      expect(lines.at(-1)).toMatchObject({ message: expect.stringContaining('stays a dead letter, still no good') });
    },
  );

  it('stays one letter where a handler of batches parks it once more', async () => {
    @Injectable()
    class Orders extends Breakable {
      @Subscribe('orders', 'in', { deadLetter, retry, batch: { maxSize: 10 } })
      handle(@Ctx() context: BatchContext) {
        context.deadLetter(0, 'no good');
      }
    }
    const { result, again, app } = await redriven(Orders);
    expect([result, again.read]).toEqual([FAILED, 1]);
    expect(app.broker('orders').health().counts.deadLettered).toBe(1);
  });

  it('comes to a handler of batches alone', async () => {
    @Injectable()
    class Orders extends Breakable {
      @Subscribe('orders', 'in', { deadLetter, retry, batch: { maxSize: 10 } })
      handle(@Payload() orders: unknown[], @Ctx() { messages }: BatchContext) {
        this.work([orders, messages.length]);
      }
    }
    const { handlers, result, again } = await redriven(Orders);
    expect([result, again, handlers.seen]).toEqual([DONE, NONE, [[[{ id: 1 }], 1]]]);
  });

  it('comes to the one that failed of several handlers of its source', async () => {
    @Injectable()
    class Orders extends Breakable {
      @Subscribe('orders', 'in', { deadLetter, retry, filter: byHeader('region', 'eu') })
      eu(@Payload() order: unknown) {
        this.work(['eu', order]);
      }

      @Subscribe('orders', 'in', { deadLetter, retry })
      rest(@Payload() order: unknown) {
        this.work(['rest', order]);
      }
    }
    const { handlers, result, again } = await redriven(Orders, { region: 'eu' });
    expect([result, again, handlers.seen]).toEqual([DONE, NONE, [['eu', { id: 1 }]]]);
  });
});

it('a redrive that a crash ends goes on in the next life of the application', async () => {
  @Injectable()
  class Orders extends Breakable {
    @Subscribe('orders', 'in', { deadLetter, retry })
    handle(@Payload() order: unknown) {
      this.work(order);
    }
  }
  const { harness, broker, get, moduleRef } = await testApp([Orders]);
  for (const id of [1, 2, 3]) await broker('orders').publish('in', { id }, { key: 'k' });
  await harness.settled();
  const handlers = get(Orders);
  handlers.broken = false;
  const multi = moduleRef.get(MultiBroker);
  const cut = multi.redrive(letters, { ratePerSecond: 1 }).catch((error: unknown) => error);
  await harness.waitFor(() => handlers.seen.length === 1);
  await harness.restart();
  await harness.clock.advance(1_000);
  await cut;
  expect(await multi.redrive(letters)).toMatchObject({ failed: 0, left: 0 });
  expect(new Set(handlers.seen.map((order) => (order as { id: number }).id))).toEqual(new Set([1, 2, 3]));
  expect(await multi.redrive(letters)).toEqual(NONE);
});

it.each([
  ['undefined', undefined],
  ['undefined', Promise.resolve(undefined)],
  ['object', {}],
])('a redrive whose filter answers neither yes nor no, but %s, rejects and redrives nothing', async (type, answer) => {
  @Injectable()
  class Orders extends Breakable {
    @Subscribe('orders', 'in', { deadLetter, retry })
    handle(@Payload() order: unknown) {
      this.work(order);
    }
  }
  const app = await testApp([Orders]);
  await app.broker('orders').publish('in', 1);
  await app.harness.settled();
  app.get(Orders).broken = false;
  const multi = app.moduleRef.get(MultiBroker);
  await expect(multi.redrive(letters, { filter: () => answer as never })).rejects.toMatchObject({
    code: 'MULTI_BROKER_OPTION_INVALID',
    message: expect.stringContaining(`filter must return true or false, or a promise of it, not ${type}`),
  });
  expect(app.get(Orders).seen).toEqual([]);
  expect(await multi.redrive(letters)).toEqual(DONE);
});
