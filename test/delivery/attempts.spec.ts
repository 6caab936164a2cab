import { expect, it } from '@jest/globals';
import { Rig } from '../support/delivery-rig.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const failing = (): never => {
  throw new Error('no');
};

/** Fires every timer up to `ms` from now. */
async function advance(rig: Rig, ms: number): Promise<void> {
  const until = rig.clock.now() + ms;
  while (rig.clock.nextAt() <= until) {
    rig.clock.next();
    await turns();
  }
}

it('attempt counts calls in place from 1, round after round', async () => {
  const rig = new Rig({ handle: failing });
  void rig.take(new FakeMessage({}));
  await turns();
  await advance(rig, 1_600);
  expect(rig.contexts.map(({ message }) => message.attempt)).toEqual([1, 2, 3, 4, 5, 6]);
});

it('attempt counts what earlier deliveries by the server may have called', async () => {
  const rig = new Rig({ handle: failing, lane: { redelivery: 'server' } });
  void rig.take(new FakeMessage({ deliveryCount: 2 }));
  await turns();
  await advance(rig, 300);
  expect(rig.contexts.map(({ message }) => message.attempt)).toEqual([4, 5, 6]);
});

it('attempt counts a nack', async () => {
  const rig = new Rig({
    handle: (_body, context) => {
      if (rig.calls.length < 3) context.nack({ delayMs: 1 });
      return undefined;
    },
  });
  void rig.take(new FakeMessage({}));
  await turns();
  await advance(rig, 10);
  expect(rig.contexts.map(({ message }) => message.attempt)).toEqual([1, 2, 3]);
});

it('every attempt sees the headers that the first one saw, asked of the driver once', async () => {
  const message = new FakeMessage({ headers: { a: '1' }, replyTo: 'inbox' });
  const rig = new Rig({
    handle: (_body, context) => {
      try {
        (context.message.headers as Record<string, string>)['a'] = '2';
      } finally {
        if (rig.calls.length < 3) failing();
      }
      return undefined;
    },
    binding: { ack: 'reject-on-error' },
  });
  void rig.take(message);
  await turns();
  await advance(rig, 300);
  expect(rig.contexts.map((context) => context.message.headers)).toEqual([{ a: '1' }, { a: '1' }, { a: '1' }]);
  expect(message.headersAsked).toBe(1);
});

it('headers are not made unless they are read', async () => {
  const message = new FakeMessage({ headers: { a: '1' } });
  const rig = new Rig();
  void rig.take(message);
  await turns();
  expect([rig.lane.fates, message.headersAsked]).toEqual([['body ack'], 0]);
});

it('a context shows its message', async () => {
  const rig = new Rig();
  void rig.take(new FakeMessage({ key: 'k', headers: { a: '1' }, replyTo: 'inbox', position: 'in[0]@7' }));
  await turns();
  const [context] = rig.contexts;
  expect(context).toMatchObject({ source: 'address', params: {}, broker: rig.host.broker });
  expect(context?.message).toMatchObject({
    id: 'in[0]@7',
    correlationId: 'in[0]@7',
    key: 'k',
    timestamp: 1_000,
    raw: { raw: true },
    replyTo: 'inbox',
  });
});
