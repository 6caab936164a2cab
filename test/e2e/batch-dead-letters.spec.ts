import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type AckPolicy, type BatchContext, Ctx, outgoing, Payload, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const deadLetter = { broker: 'events', destination: toStream('dead') };

type Settles = (context: BatchContext<string>) => void;

/** Handles `a`, `b` and `c`, each with headers of its own, in batches. */
async function handled(settles: Settles, ack: AckPolicy = 'nack-on-error') {
  const calls: string[][] = [];

  @Injectable()
  class Handlers {
    @Subscribe('orders', 'in', { batch: { maxSize: 10 }, deadLetter, ack })
    on(@Payload() payloads: string[], @Ctx() context: BatchContext<string>) {
      calls.push([...payloads]);
      settles(context);
    }

    @Subscribe('events', stream('DEAD', { durable: 'd', subjects: ['dead'] }))
    letter() {}
  }
  const { harness, broker } = await testApp([Handlers]);
  harness.expectFailures();
  const items = ['a', 'b', 'c'].map((payload) =>
    outgoing(payload, { key: 'k', headers: { 'correlation-id': `of ${payload}` } }),
  );
  await broker('orders').publishBatch('in', items);
  await harness.settled();
  const records = harness.deliveries({ broker: 'orders' });
  return {
    calls,
    outcomes: records.map(({ payload, outcome }) => [payload, outcome]),
    /** The place of each message that was parked, and its letter. */
    letters: records.flatMap(({ position, letter }) => (letter === undefined ? [] : [{ position, letter }])),
    arrived: harness.deliveries({ broker: 'events', outcome: 'acked' }).map(({ payload }) => payload),
    counts: broker('orders').health().counts,
  };
}

/** The letter of one message of the batch, and nothing of another one. */
const letterOf = (payload: string, position: string, reason: string) => ({
  destination: 'dead',
  payload,
  key: 'k',
  headers: {
    'correlation-id': `of ${payload}`,
    'dead-letter-broker': 'orders',
    'dead-letter-source': 'in',
    'dead-letter-handler': 'Handlers.on',
    'dead-letter-position': position,
    'dead-letter-code': 'MULTI_BROKER_REJECTED',
    'dead-letter-message': expect.stringContaining(reason),
    'dead-letter-attempts': '1',
    'dead-letter-delivery-id': expect.stringContaining(position),
  },
});

describe('of a batch, context.deadLetter()', () => {
  it.each(['nack-on-error', 'manual'] as const)('with an index parks that message alone, under %s', async (ack) => {
    const { calls, outcomes, letters, arrived, counts } = await handled((context) => {
      context.deadLetter(1, 'look at it');
      if (ack === 'manual') context.ack();
    }, ack);
    expect(calls).toEqual([['a', 'b', 'c']]);
    expect(outcomes).toEqual([
      ['a', 'acked'],
      ['b', 'dead-lettered'],
      ['c', 'acked'],
    ]);
    expect(letters.map(({ letter }) => letter)).toMatchObject(
      letters.map(({ position }) => letterOf('b', position, 'look at it')),
    );
    expect([arrived, counts.deadLettered, counts.unsettled]).toEqual([['b'], 1, 0]);
  });

  it.each([
    ['without arguments', undefined, 'parked by its handler'],
    ['with a reason', 'all of them', 'all of them'],
  ])('%s parks all that are not settled yet, each by a letter of its own', async (_how, reason, told) => {
    const { outcomes, letters, arrived, counts } = await handled((context) => {
      context.ack(0);
      context.deadLetter(reason);
    });
    expect(outcomes).toEqual([
      ['a', 'acked'],
      ['b', 'dead-lettered'],
      ['c', 'dead-lettered'],
    ]);
    const expected = ['b', 'c'].map((payload, place) => letterOf(payload, letters[place]?.position ?? '', told));
    expect(letters.map(({ letter }) => letter)).toMatchObject(expected);
    expect(new Set(letters.map(({ position }) => position)).size).toBe(2);
    expect([arrived, counts.deadLettered]).toEqual([['b', 'c'], 2]);
  });

  it('holds for its message where the call throws: only the others are called again', async () => {
    let fails = true;
    const { calls, outcomes, arrived } = await handled((context) => {
      if (!fails) return;
      fails = false;
      context.deadLetter(0, 'no good');
      throw new Error('once');
    });
    expect(calls.slice(1).flat()).toEqual(['b', 'c']);
    expect(Object.fromEntries(outcomes)).toEqual({ a: 'dead-lettered', b: 'acked', c: 'acked' });
    expect(arrived).toEqual(['a']);
  });

  it('of a message that is settled, or that the batch does not have, throws and parks nothing', async () => {
    const errors: unknown[] = [];
    const { outcomes, arrived } = await handled((context) => {
      context.ack(0);
      for (const index of [0, 3]) {
        try {
          context.deadLetter(index);
        } catch (thrown) {
          errors.push(thrown);
        }
      }
    });
    expect(errors).toMatchObject([
      { code: 'MULTI_BROKER_SETTLEMENT' },
      { code: 'MULTI_BROKER_SETTLEMENT', message: expect.stringContaining('no message 3') },
    ]);
    expect([outcomes.map(([, outcome]) => outcome), arrived]).toEqual([['acked', 'acked', 'acked'], []]);
  });
});

it('a dead letter may be a path: each message of a batch is parked by its own params', async () => {
  @Injectable()
  class Handlers {
    @Subscribe('events', 'in.{region}', {
      batch: { maxSize: 10, maxWaitMs: 10 },
      deadLetter: { destination: toStream('dead.{region}') },
      ack: 'reject-on-error',
    })
    on() {
      throw new Error('no');
    }

    @Subscribe('events', stream('DEAD', { durable: 'd', subjects: ['dead.*'] }), { deadLetter: false })
    letter() {}
  }
  const { harness, broker } = await testApp([Handlers]);
  harness.expectFailures();
  for (const region of ['eu', 'us']) await broker('events').publish(`in.${region}`, region);
  await harness.clock.advance(10);
  await harness.settled();
  for (const region of ['eu', 'us']) {
    expect(harness.published('events', `dead.${region}`)).toMatchObject([{ payload: region }]);
  }
});
