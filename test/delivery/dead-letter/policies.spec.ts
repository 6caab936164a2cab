import { describe, expect, it } from '@jest/globals';
import { AckMessage, MultiBrokerError, NackMessage, outgoing, RejectMessage } from '../../../lib/index.js';
import { markRejection } from '../../../lib/delivery/index.js';
import type { AckPolicy, Lane } from '../../../lib/driver/index.js';
import { Rig, type RigOptions } from '../../support/delivery-rig.js';
import { refused } from '../../support/fake-driver.js';
import { FakeMessage, messages } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

const retry = { attempts: 2, delayMs: 100, factor: 1, maxDelayMs: 100, jitter: 0 };
const deadLetter = { broker: 'out', destination: 'parked' };

interface Fate {
  readonly letters: readonly string[];
  readonly calls: number;
  readonly fates: readonly string[];
  readonly rig: Rig;
}

async function fate(
  ack: AckPolicy,
  redelivery: Lane['redelivery'],
  handle: NonNullable<RigOptions['handle']>,
): Promise<Fate> {
  const rig = new Rig({
    binding: { ack, retry, deadLetter },
    lane: { redelivery, backpressure: redelivery !== 'none' },
    handle,
  });
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(100);
  await turns();
  const letters = rig.drivers.out.written;
  return { letters, calls: rig.calls.length, fates: rig.lane.fates, rig };
}

const throws = (error: unknown) => () => {
  throw error;
};
const fails = throws(new Error('no'));
const final = throws(Object.assign(new Error('never'), { retryable: false }));
const lanes = ['server', 'in-place', 'none'] as const;

describe.each(lanes)('on a lane whose failures are brought back by: %s', (redelivery) => {
  it.each(['nack-on-error', 'reject-on-error'] as const)(
    '%s parks what fails after its retries, then acks',
    async (ack) => {
      expect(await fate(ack, redelivery, fails)).toMatchObject({ letters: ['a'], calls: 2, fates: ['a ack'] });
    },
  );

  it('ack-first parks what it has acked', async () => {
    expect(await fate('ack-first', redelivery, fails)).toMatchObject({ letters: ['a'], calls: 2, fates: ['a ack'] });
  });

  it('manual leaves a failure to its handler, where there is something to settle', async () => {
    const parked = { letters: ['a'], calls: 2, fates: ['a ack'] };
    const left = { letters: [], calls: 2, fates: [] };
    expect(await fate('manual', redelivery, fails)).toMatchObject(redelivery === 'none' ? parked : left);
  });

  it.each(['nack-on-error', 'reject-on-error', 'ack-first', 'manual'] as const)(
    '%s parks at once what cannot succeed, and what is refused',
    async (ack) => {
      const atOnce = { letters: ['a'], calls: 1, fates: ['a ack'] };
      expect(await fate(ack, redelivery, final)).toMatchObject(atOnce);
      expect(await fate(ack, redelivery, throws(markRejection(new Error('forbidden'))))).toMatchObject(atOnce);
      expect(await fate(ack, redelivery, throws(new RejectMessage('no good')))).toMatchObject(atOnce);
    },
  );

  it.each(['nack-on-error', 'reject-on-error', 'manual'] as const)(
    '%s parks what its handler rejects or parks by hand, without its result',
    async (ack) => {
      const byHand = { letters: ['a'], calls: 1, fates: ['a ack'] };
      const reject = await fate(ack, redelivery, (_, context) => context.reject('no good') as undefined);
      expect(reject).toMatchObject(byHand);
      const park = await fate(ack, redelivery, (_, context) => context.deadLetter() as undefined);
      expect(park).toMatchObject(byHand);
      expect(park.rig.counts).toMatchObject({ deadLettered: 1, rejected: 0 });
    },
  );

  it('an AckMessage acks, also as the cause of another error', async () => {
    const wrapped = new Error('outer', { cause: new Error('middle', { cause: new AckMessage() }) });
    expect(await fate('nack-on-error', redelivery, throws(wrapped))).toMatchObject({
      letters: [],
      calls: 1,
      fates: ['a ack'],
      rig: { counts: { failed: 0, rejected: 0 } },
    });
  });

  it('a NackMessage brings the message back after its delay, without a retry', async () => {
    const { rig, ...seen } = await fate('nack-on-error', redelivery, throws(new NackMessage({ delayMs: 5_000 })));
    if (redelivery === 'none') expect(seen).toMatchObject({ letters: ['a'], fates: ['a ack'] });
    else expect(seen).toMatchObject({ letters: [], calls: 1, fates: redelivery === 'server' ? ['a 5000'] : [] });
    rig.clock.advance(5_000);
    await turns();
    expect(rig.calls).toHaveLength(redelivery === 'in-place' ? 2 : 1);
  });
});

it('a message that is parked keeps its place: nothing behind it is called before the letter is confirmed', async () => {
  const rig = new Rig({
    binding: { retry, deadLetter },
    handle: (body) => {
      if (body === 'a') throw new RejectMessage();
      return undefined;
    },
  });
  rig.drivers.out.hold = true;
  void rig.take(...messages('a', 'b'));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
  rig.drivers.out.writes[0]!.confirm();
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([
    ['a', 'b'],
    ['a ack', 'b ack'],
  ]);
});

it('one that its handler parks after its end keeps its place, too', async () => {
  const rig = new Rig({ binding: { ack: 'manual', deadLetter } });
  rig.drivers.out.hold = true;
  void rig.take(...messages('a'));
  await turns();
  rig.contexts[0]!.deadLetter('by hand');
  void rig.take(...messages('b'));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
  rig.drivers.out.writes[0]!.confirm();
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['a', 'b'], ['a ack']]);
});

it('context.deadLetter() without a dead letter throws, settles nothing, and names the remedy', async () => {
  const thrown: unknown[] = [];
  const rig = new Rig({
    handle: (_, context) => {
      try {
        context.deadLetter();
      } catch (error) {
        thrown.push(error);
      }
      return undefined;
    },
  });
  void rig.take(...messages('a'));
  await turns();
  expect(thrown).toMatchObject([{ code: 'MULTI_BROKER_NO_DEAD_LETTER', handler: 'Orders.on' }]);
  expect(rig.lane.fates).toEqual(['a ack']);
});

it('a thrown RejectMessage is a rejection where there is no dead letter', async () => {
  const rig = new Rig({ handle: throws(new Error('outer', { cause: new RejectMessage('no good') })) });
  void rig.take(...messages('a'));
  await turns();
  expect([rig.calls.length, rig.lane.fates, rig.counts.rejected]).toEqual([1, ['a reject'], 1]);
});

it('NackMessage refuses a delay that is no duration', () => {
  expect(() => new NackMessage({ delayMs: NaN })).toThrow(
    expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID' }),
  );
});

it('a stop lets a message of a source that keeps none have its retries, and parks it then', async () => {
  const rig = new Rig({
    binding: { retry, deadLetter },
    lane: { redelivery: 'none', backpressure: false },
    handle: fails,
  });
  void rig.take(...messages('a'));
  await turns();
  rig.sink.stopCalling();
  rig.clock.advance(100);
  await turns();
  expect([rig.calls.length, rig.drivers.out.written, rig.lane.fates]).toEqual([2, ['a'], ['a ack']]);
});

it('what fails as the application stops is not parked', async () => {
  const stopped = new MultiBrokerError('MULTI_BROKER_STOPPED', 'no more publishes');
  for (const error of [stopped, new Error('outer', { cause: stopped })]) {
    const { letters, rig } = await fate('nack-on-error', 'server', throws(error));
    expect([letters, rig.lane.fates]).toEqual([[], ['a 1000']]);
  }
});

it('a message whose result can never be published is parked', async () => {
  const rig = new Rig({
    binding: { retry, deadLetter, routes: [{ broker: 'other', destination: 'q' }] },
    handle: () => outgoing('result'),
  });
  rig.drivers.other.outcome = () => refused(false);
  void rig.take(...messages('a'));
  await turns();
  expect([rig.drivers.out.written, rig.lane.fates]).toEqual([['a'], ['a ack']]);
});

it('an AckMessage answers a request as a handler that returned nothing', async () => {
  const rig = new Rig({
    binding: { reply: true },
    lane: { redelivery: 'none', backpressure: false },
    handle: throws(new AckMessage()),
  });
  void rig.take(new FakeMessage({ body: 'a', replyTo: 'inbox' }));
  await turns();
  expect(rig.drivers.in.writes.map(({ to, bodies }) => [to.address, bodies])).toEqual([['inbox', ['']]]);
  expect([rig.lane.fates, rig.counts.handled]).toEqual([['a ack'], 1]);
});

it('each has one line in the log, with its place; by hand it is a warning', async () => {
  const failed = await fate('nack-on-error', 'in-place', fails);
  expect(failed.rig.log.lines).toEqual([
    "error Orders.on on in[0] of broker 'in' (a) failed after 2 call(s): parked as a dead letter in queue parked on broker 'out' (out@1)",
  ]);
  const byHand = await fate('nack-on-error', 'in-place', (_, context) => context.deadLetter('look') as undefined);
  expect(byHand.rig.log.lines).toEqual([
    expect.stringMatching(/^warn Orders\.on .* \(a\): parked as a dead letter in queue parked on broker 'out'.*look/),
  ]);
});

it.each([
  ['those of its server', 'nats-', ['x', 'multi-broker-hops']],
  ['the library’s, where its server has none', undefined, ['x', 'Nats-Msg-Id', 'multi-broker-hops']],
])('a letter has the headers of its message but %s', async (_title, serverHeaders, kept) => {
  const rig = new Rig({ binding: { ack: 'reject-on-error', deadLetter, serverHeaders }, handle: final });
  const headers = { x: '1', 'Nats-Msg-Id': 'n', 'multi-broker-hops': '2', 'multi-broker-error': 'e' };
  void rig.take(new FakeMessage({ headers }));
  await turns();
  const [letter] = rig.drivers.out.writes.flatMap(({ batch }) => batch);
  expect(Object.keys(headers).filter((name) => name in letter!.headers!)).toEqual(kept);
});
