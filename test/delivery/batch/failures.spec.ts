import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { BatchFailure, type BatchContext, Ctx, outgoing, Payload, Subscribe } from '../../../lib/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

afterEach(closeTestApps);

/** What a handler sees of one call: the payloads, or for a single one its number of the attempt. */
type Call = (payloads: readonly number[], context: BatchContext<number>) => unknown;

@Injectable()
class Handlers {
  readonly calls: number[][] = [];
  call: Call = () => undefined;

  @Subscribe('orders', 'in', { batch: { maxSize: 100 } })
  on(@Payload() payloads: number[], @Ctx() context: BatchContext<number>) {
    return this.run(payloads, context);
  }

  @Subscribe('orders', 'rejecting', { batch: { maxSize: 100 }, ack: 'reject-on-error' })
  rejecting(@Payload() payloads: number[], @Ctx() context: BatchContext<number>) {
    return this.run(payloads, context);
  }

  @Subscribe('orders', 'parking', { batch: { maxSize: 100 }, deadLetter: 'parked' })
  parking(@Payload() payloads: number[], @Ctx() context: BatchContext<number>) {
    return this.run(payloads, context);
  }

  private run(payloads: number[], context: BatchContext<number>): unknown {
    this.calls.push([...payloads]);
    return this.call(payloads, context);
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function handlers(call: Call) {
  const app = await testApp([Handlers]);
  const handler = app.get(Handlers);
  handler.call = call;
  const send = async (to: string, payloads: readonly number[]): Promise<void> => {
    await app.broker('orders').publishBatch(
      to,
      payloads.map((payload) => outgoing(payload, { key: 'k' })),
    );
    await app.harness.settled().catch(() => undefined);
  };
  const outcomes = (): Record<string, number[]> => {
    const by: Record<string, number[]> = {};
    for (const { payload, outcome } of app.harness.deliveries({ broker: 'orders' })) {
      (by[outcome] ??= []).push(payload as number);
    }
    for (const payloads of Object.values(by)) payloads.sort((one, other) => one - other);
    return by;
  };
  return { ...app, handler, send, outcomes };
}

/** Throws for every batch with one of these. */
const poisoned =
  (...poison: readonly number[]): Call =>
  (payloads) => {
    if (payloads.some((payload) => poison.includes(payload))) throw new Error('poison');
  };

describe('a call that throws', () => {
  it('of 100 messages with one poison item, wherever it is, takes at most 7 + attempts further calls', async () => {
    const { handler, send, outcomes, harness } = await handlers(() => undefined);
    for (const poison of upTo(100)) {
      handler.call = poisoned(poison);
      handler.calls.length = 0;
      await send('rejecting', upTo(100));
      expect(handler.calls[0]).toHaveLength(100);
      expect(handler.calls.length - 1).toBeLessThanOrEqual(7 + 3);
      expect(outcomes()).toEqual({ acked: upTo(100).filter((one) => one !== poison), rejected: [poison] });
      harness.reset();
    }
  });

  it('costs log2(n) + attempts for each of several poison items, and keeps the order of all others', async () => {
    const seen: number[] = [];
    const { handler, send, outcomes } = await handlers((payloads, context) => {
      poisoned(3, 40, 41, 99)(payloads, context);
      seen.push(...payloads);
    });
    await send('rejecting', upTo(100));
    expect(seen).toEqual(upTo(100).filter((one) => ![3, 40, 41, 99].includes(one)));
    expect(handler.calls.length - 1).toBeLessThanOrEqual(4 * (7 + 3));
    expect(outcomes()['rejected']).toEqual([3, 40, 41, 99]);
  });

  it('once is repeated in smaller batches, and nothing fails', async () => {
    let fails = true;
    const { handler, send, outcomes } = await handlers(() => {
      if (fails) throw new Error('away');
    });
    handler.call = () => {
      const failed = fails;
      fails = false;
      if (failed) throw new Error('away');
    };
    await send('in', upTo(8));
    expect(outcomes()).toEqual({ acked: upTo(8) });
    expect(handler.calls.map(({ length }) => length)).toEqual([8, 4, 2, 1, 1]);
  });

  it('has what cannot be handled held alone at the head of its partition, and those behind it afterwards', async () => {
    let poison = [2];
    const { handler, send, outcomes, harness } = await handlers((payloads, context) =>
      poisoned(...poison)(payloads, context),
    );
    await send('in', upTo(5));
    expect(outcomes()).toEqual({ acked: [0, 1], nacked: [2], pending: [3, 4] });
    poison = [];
    await harness.clock.advance(1_000);
    expect(outcomes()).toEqual({ acked: upTo(5) });
    expect(handler.calls.slice(-2)).toEqual([[2], [3, 4]]);
  });

  it('has what cannot be handled parked, and the rest acked', async () => {
    const { send, outcomes, harness } = await handlers(poisoned(1, 3));
    await send('parking', upTo(5));
    expect(outcomes()['acked']).toEqual([0, 2, 4]);
    expect(harness.published('orders', 'parked').map(({ payload }) => payload)).toEqual([1, 3]);
  });
});

describe('a BatchFailure', () => {
  it('fails the messages that it names, which are called together again, and acks the others', async () => {
    const { handler, send, outcomes } = await handlers((payloads) => {
      const bad = payloads.flatMap((payload, place) => (payload % 2 === 1 ? [place] : []));
      if (bad.length > 0) throw new BatchFailure(new Map(bad.map((place) => [place, new Error(`bad ${place}`)])));
    });
    await send('rejecting', upTo(6));
    expect(handler.calls).toEqual([upTo(6), [1, 3, 5], [1, 3, 5]]);
    expect(outcomes()).toEqual({ acked: [0, 2, 4], rejected: [1, 3, 5] });
  });

  it('is found as the cause of another error', async () => {
    const { send, outcomes } = await handlers(() => {
      throw new Error('the service failed', { cause: new BatchFailure(new Map([[1, new Error('bad')]])) });
    });
    await send('rejecting', upTo(2));
    expect(outcomes()).toEqual({ acked: [0], rejected: [1] });
  });

  it('that names a message outside the batch is an error of all', async () => {
    const { send, outcomes, harness } = await handlers(() => {
      throw new BatchFailure(new Map([[5, new Error('bad')]]));
    });
    await send('rejecting', upTo(2));
    expect(outcomes()).toEqual({ rejected: [0, 1] });
    expect(harness.deliveries({ broker: 'orders' })[0]?.error).toMatchObject({ code: 'MULTI_BROKER_BATCH_RESULT' });
  });
});

it('a promise in the array that rejects fails its message alone', async () => {
  const { send, outcomes } = await handlers((payloads) =>
    payloads.map(async (payload) => {
      if (payload === 1) throw new Error('bad');
    }),
  );
  await send('rejecting', upTo(3));
  expect(outcomes()).toEqual({ acked: [0, 2], rejected: [1] });
});

it.each([
  ['an array of another length', [1]],
  ['a value', 'done'],
  ['null', null],
])('a result of another shape, %s, cannot succeed: no message is called again', async (_what, result) => {
  const { handler, send, outcomes, harness } = await handlers(() => result);
  await send('rejecting', upTo(4));
  expect(handler.calls).toHaveLength(1);
  expect(outcomes()).toEqual({ rejected: upTo(4) });
  expect(harness.deliveries({ broker: 'orders' })[0]?.error).toMatchObject({
    code: 'MULTI_BROKER_BATCH_RESULT',
    retryable: false,
    handler: 'Handlers.rejecting',
  });
});
