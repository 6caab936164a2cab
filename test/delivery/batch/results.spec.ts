import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { of } from 'rxjs';
import { type BatchContext, Ctx, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Bridge {
  readonly calls: unknown[][] = [];
  result: (payloads: unknown[]) => unknown = () => undefined;

  @Subscribe('orders', 'in', { batch: { maxSize: 3 }, retry: { attempts: 1 }, ack: 'reject-on-error' })
  @PublishTo('events', 'out')
  on(@Payload() payloads: unknown[], @Ctx() context: BatchContext) {
    expect(context.messages.map(({ payload }) => payload)).toEqual(payloads);
    expect(context.message.payload).toEqual(payloads);
    this.calls.push(payloads);
    return this.result(payloads);
  }
}

async function bridge(result: (payloads: unknown[]) => unknown) {
  const app = await testApp([Bridge]);
  const handler = app.get(Bridge);
  handler.result = result;
  const send = async (...payloads: unknown[]): Promise<unknown[]> => {
    await app.broker('orders').publishBatch(
      'in',
      payloads.map((payload) => outgoing(payload, { key: 'k' })),
    );
    await app.harness.settled();
    return app.harness.published('events').map(({ payload }) => payload);
  };
  return { ...app, handler, send };
}

describe('a handler with batch', () => {
  it('is called with an array of what is there, at most maxSize, in order', async () => {
    const { send, handler, harness } = await bridge(() => undefined);
    expect(await send(1, 2, 3, 4, 5)).toEqual([]);
    expect(handler.calls).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(harness.deliveries({ handler: 'Bridge.on' }).map(({ outcome }) => outcome)).toEqual(Array(5).fill('acked'));
    expect(harness.deliveries({ handler: 'Bridge.on' }).map(({ attempts }) => attempts[0]?.batchSize)).toEqual([
      3, 3, 3, 2, 2,
    ]);
    expect(String(harness.timeline())).toContain('acked in a batch of 3');
    expect(harness.handler(Bridge, 'on')).toHaveBeenCalledTimes(2);
    expect(harness.handler(Bridge, 'on')).toHaveBeenLastCalledWith([4, 5]);
  });

  it('returns an array with one item for each message; undefined is none', async () => {
    const { send } = await bridge((payloads) => payloads.map((one) => (one === 2 ? undefined : { was: one })));
    expect(await send(1, 2, 3)).toEqual([{ was: 1 }, { was: 3 }]);
  });

  it('returns items made by outgoing(), null, arrays, promises, and outgoing.each() for one message', async () => {
    const all = [outgoing('a', { key: 'k' }), Promise.resolve(null), outgoing.each([[1], 'c'])];
    const { send } = await bridge(() => all);
    expect(await send(1, 2, 3)).toEqual(['a', null, [1], 'c']);
  });

  it('returns outgoing.each() for as many items as it likes, an Observable or a promise of the array', async () => {
    const results = [outgoing.each(['only']), of(['a', 'b', 'c']), Promise.resolve(['x'])];
    const { send } = await bridge(() => results.shift());
    await send(1, 2, 3);
    await send(4, 5, 6);
    expect(await send(7)).toEqual(['only', 'a', 'b', 'c', 'x']);
  });
});
