import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import {
  byHeader,
  type HandlerOptions,
  outgoing,
  Payload,
  PublishTo,
  type Source,
  Subscribe,
} from '../../lib/index.js';
import { topic } from '../../lib/kafka/index.js';
import { stream, subject } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const calls: string[] = [];
const inOrder = (type: string) => ({ headers: { type } });

class Adults implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToRpc().getData<{ age: number }>().age >= 18;
  }
}

/** Handlers of one source: those of types, and one of the rest. */
function handlersOf(broker: string, source: Source, rest: HandlerOptions | false = {}) {
  class Shop {
    @Subscribe(broker, source, { filter: byHeader('type', 'created') })
    @PublishTo('orders', 'created.seen')
    created(@Payload('id') id: number) {
      calls.push(`created ${String(id)}`);
      return { id };
    }

    @UseGuards(Adults)
    @Subscribe(broker, source, {
      filter: byHeader('type', /^cancel/),
      ack: 'reject-on-error',
      retry: { attempts: 1 },
      ...(rest === false && { unmatched: 'reject' }),
    })
    cancelled(@Payload('id') id: number) {
      calls.push(`cancelled ${String(id)}`);
    }
  }
  class Rest extends Shop {
    @Subscribe(broker, source, rest || {})
    rest(@Payload('id') id: number) {
      calls.push(`rest ${String(id)}`);
      return `rest ${String(id)}`;
    }
  }
  return Injectable()(rest === false ? Shop : Rest) ?? (rest === false ? Shop : Rest);
}

afterEach(async () => {
  calls.length = 0;
  await closeTestApps();
});

describe.each([
  ['a Kafka topic', 'orders', 'incoming', topic('incoming')],
  ['a durable', 'events', 'in.a', stream('IN', { durable: 'd', subjects: ['in.*'] })],
  ['a queue group', 'events', 'in.a', subject('in.*', { queue: 'q' })],
])('several handlers of %s', (_, broker, address, source) => {
  it('get each message once, by their filters, in its order', async () => {
    const Handlers = handlersOf(broker, source);
    const { harness } = await testApp([Handlers]);
    const types = ['created', 'x', 'cancelled', 'created', 'x'];
    for (const [id, type] of types.entries())
      await harness.publish(broker, address, { id, age: 18 }, { key: 'one', ...inOrder(type) });
    expect(calls).toEqual(['created 0', 'rest 1', 'cancelled 2', 'created 3', 'rest 4']);
    expect(harness.published('orders', 'created.seen').map(({ payload }) => payload)).toEqual([{ id: 0 }, { id: 3 }]);
  });

  it('are each the handler of their deliveries, with guards and ack policy of their own', async () => {
    const Handlers = handlersOf(broker, source);
    const { harness } = await testApp([Handlers]);
    await harness.publish(broker, address, { id: 1, age: 18 }, inOrder('created'));
    await expect(harness.publish(broker, address, { id: 2, age: 17 }, inOrder('cancelled'))).rejects.toThrow(
      'Forbidden',
    );
    const of = (method: string) =>
      harness.deliveries({ handler: `${Handlers.name}.${method}` }).map(({ outcome }) => outcome);
    expect([of('created'), of('cancelled'), of('rest')]).toEqual([['acked'], ['rejected'], []]);
  });

  it('leave what nobody takes acked and counted, or rejected', async () => {
    const Handlers = handlersOf(broker, source, false);
    const { harness, broker: get } = await testApp([Handlers]);
    await expect(harness.publish(broker, address, { id: 1 }, inOrder('x'))).rejects.toThrow(
      /No filter of \w+\.created and \w+\.cancelled takes a message/,
    );
    expect(get(broker).health()).toMatchObject({
      status: 'up',
      counts: { unmatched: 1, rejected: 1, handled: 0 },
      notes: [expect.stringContaining('was rejected')],
    });
  });
});

it('of a queue group: the one that takes a request answers', async () => {
  const Handlers = handlersOf('events', subject('ask', { queue: 'q' }));
  const { broker } = await testApp([Handlers]);
  const ask = async (type: string) => (await broker('events').request('ask', { id: 7 }, inOrder(type))).payload;
  expect([await ask('x'), await ask('created')]).toEqual(['rest 7', { id: 7 }]);
});

it('a subscription by hand does not join them', async () => {
  const Handlers = handlersOf('orders', topic('incoming'));
  const { broker } = await testApp([Handlers]);
  const joining = broker('orders').subscribe('incoming', () => undefined, { filter: byHeader('type', 'y') });
  await expect(joining).rejects.toThrow(/already read by Rest\.rest, Rest\.created and Rest\.cancelled/);
});

it('a batch leaves out what its filter does not want, which is rejected alone', async () => {
  @Injectable()
  class Batches {
    @Subscribe('orders', 'in', { batch: { maxSize: 5 }, filter: byHeader('type', 'a'), unmatched: 'reject' })
    on(ids: unknown[]) {
      calls.push(ids.join());
    }
  }
  const { harness, broker } = await testApp([Batches]);
  const item = (id: number, type: string) => outgoing(id, { key: 'k', ...inOrder(type) });
  await broker('orders').publishBatch('in', [item(1, 'a'), item(2, 'x'), item(3, 'a')]);
  await expect(harness.settled()).rejects.toThrow('No filter of Batches.on takes a message of in[');
  expect([calls, broker('orders').health().counts]).toMatchObject([['1,3'], { handled: 2, unmatched: 1, rejected: 1 }]);
});
