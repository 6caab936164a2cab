import { describe, expect, it } from '@jest/globals';
import { problemsOf } from '../../../lib/asyncapi/page/live/problems.js';
import type { LiveBroker, LiveHandler } from '../../../lib/asyncapi/page/live/snapshot.js';

const NOW = 1_000_000;

const broker = (fields: Partial<LiveBroker> = {}): LiveBroker => {
  return { name: 'shop', kind: 'kafka', status: 'up', reasons: [], notes: [], ...fields };
};

const counts = {
  ...{ running: 0, unsettled: 0, handled: 0, failed: 0, rejected: 0, deadLettered: 0 },
  ...{ dropped: 0, unpublished: 0, unmatched: 0 },
};

const handler = (fields: Partial<LiveHandler> = {}): LiveHandler => {
  const named = { id: 'Orders.book@shop/orders', handler: 'Orders.book', broker: 'shop', source: 'orders' };
  const idle = { state: 'running', counts, handledPerSecond: 0, failedPerSecond: 0, held: [], behind: 0 } as const;
  return { ...named, ...idle, callMs: undefined, lag: 0, lagError: undefined, longest: undefined, ...fields };
};

const held = {
  message: 'orders[0]@7',
  position: 'kafka:orders:0:7',
  lane: 'orders[0]',
  attempt: 4,
  error: 'no account',
  since: NOW - 61_000,
  nextAt: NOW + 8_000,
  holdsOthers: true,
};

describe('problems in plain words', () => {
  it('are none of an application that is well', () => {
    expect(problemsOf([broker()], [handler()], NOW)).toEqual([]);
  });

  it('say of a held message what failed, how often, why, since when, when it is tried again and what waits', () => {
    const [problem] = problemsOf([broker()], [handler({ held: [held], behind: 12 })], NOW);
    expect(problem).toEqual({
      level: 'stuck',
      title: 'Orders.book is stuck',
      why: [
        'Message orders[0]@7 has failed 4 times: no account',
        'It has waited for 61 s. The next call is in 8 s.',
        '12 messages wait behind it.',
      ],
      broker: 'shop',
      handler: 'Orders.book@shop/orders',
    });
  });

  it('tell of a message that holds nobody up as failing', () => {
    const [problem] = problemsOf([broker()], [handler({ held: [{ ...held, holdsOthers: false }] })], NOW);
    expect(problem).toMatchObject({ level: 'failing', title: 'Orders.book is failing' });
  });

  it('give a sentence of health to the handler that it names, and leave out what is told of its message', () => {
    const told = 'Orders.book on orders[0] (kafka:orders:0:7) waits to be redelivered: no account';
    const other = 'Orders.book has been stalled on orders[1]: nothing more is handled before it is settled';
    const degraded = broker({ status: 'degraded', reasons: [told, other] });
    const [problem, ...rest] = problemsOf([degraded], [handler({ held: [held] })], NOW);
    expect(problem?.why).toContain(other);
    expect(problem?.why).not.toContain(told);
    expect(rest).toEqual([]);
  });

  it('do not take a sentence about another handler for its own', () => {
    const degraded = broker({
      status: 'degraded',
      reasons: ['Orders.bookAll is stalled', 'Other.Orders.book is stalled'],
    });
    const all = problemsOf([degraded], [handler()], NOW);
    expect(all.map(({ title }) => title)).toEqual(['Broker shop is degraded', 'Broker shop is degraded']);
  });

  it('name a call that hangs while messages wait behind it', () => {
    const longest = { message: 'orders[0]@7', since: NOW - 30_000 };
    const [problem] = problemsOf([broker()], [handler({ longest, behind: 1 })], NOW);
    expect(problem).toMatchObject({ level: 'stuck', title: 'Orders.book hangs in a call' });
    expect(problem?.why).toEqual([
      'The call for message orders[0]@7 has not returned for 30 s.',
      '1 message waits behind it.',
    ]);
    expect(problemsOf([broker()], [handler({ longest, behind: 0 })], NOW)).toEqual([]);
  });

  it('begin with what is stuck', () => {
    const down = broker({ name: 'mail', kind: 'nats', status: 'down', reasons: ['refused'] });
    const parked = handler({ id: 'b', handler: 'Mails.send', counts: { ...counts, deadLettered: 2 } });
    const all = problemsOf([broker(), down], [parked, handler({ state: 'paused' }), handler({ held: [held] })], NOW);
    expect(all.map(({ level, title }) => `${level}: ${title}`)).toEqual([
      'stuck: Broker mail (nats) is not connected',
      'stuck: Orders.book is stuck',
      'note: Mails.send has parked 2 messages as dead letters',
      'note: Orders.book is paused',
    ]);
  });
});
