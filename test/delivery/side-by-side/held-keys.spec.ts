import { describe, expect, it } from '@jest/globals';
import type { DeliveryContext } from '../../../lib/delivery/index.js';
import { NackMessage, outgoing, RejectMessage } from '../../../lib/index.js';
import { Rig, type RigOptions } from '../../support/delivery-rig.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/fake-driver.js';
import { FakeMessage } from '../../support/fake-lane.js';
import { keyed, openCalls, sideBySide } from '../../support/side-by-side.js';
import { turns } from '../../support/turns.js';

const once = { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };
const server = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 250, maxHeld: 750 } as const;

/** A server's lane, four calls at once; a1 fails so often. */
function failing(times: number, options: RigOptions = {}): Rig {
  let left = times;
  return new Rig({
    lane: server,
    handle: (body) => {
      if (body.endsWith('1') && left-- > 0) throw new Error('not yet');
      return undefined;
    },
    ...options,
    binding: { sideBySide: sideBySide(4), retry: once, ...options.binding },
  });
}

function nackIn(delayMs: number, context: DeliveryContext): undefined {
  context.nack({ delayMs });
}

const ofKey = (key: string, count: number): FakeMessage[] =>
  Array.from({ length: count }, (_, at) => new FakeMessage({ key, body: `${key}${String(at + 1)}` }));

describe('a failed message with a key, of a server that redelivers', () => {
  it('waits here for its next call, and holds the messages of its key and of no other', async () => {
    const rig = failing(1);
    void rig.take(...keyed('a1', 'a2', 'b1'));
    await turns();
    void rig.take(...keyed('a3', 'c1'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([
      ['a1', 'b1', 'c1'],
      ['b1 ack', 'c1 ack'],
    ]);
    rig.clock.advance(999);
    await turns();
    expect(rig.calls).toHaveLength(3);
    rig.clock.advance(1);
    await turns();
    expect(rig.calls.slice(3)).toEqual(['a1', 'a2', 'a3']);
    expect(rig.lane.fates.slice(2)).toEqual(['a1 ack', 'a2 ack', 'a3 ack']);
    expect(rig.contexts.map(({ message }) => message.attempt)).toEqual([1, 1, 1, 2, 1, 1]);
  });

  it('is called again after 1 s, doubling to 30 s, and its retries in place begin anew', async () => {
    const rig = failing(Infinity, { binding: { retry: { ...once, attempts: 2 } } });
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    const waits: number[] = [];
    for (let call = 1; call < 16; call++) {
      const { length } = rig.calls;
      const before = rig.clock.now();
      for (let timers = 0; rig.calls.length === length && timers < 20; timers++) {
        rig.clock.next();
        await turns();
      }
      waits.push(rig.clock.now() - before);
    }
    expect(waits.filter((_, at) => at % 2 === 0)).toEqual(Array.from({ length: 8 }, () => 100));
    expect(waits.filter((_, at) => at % 2 === 1)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect([new Set(rig.calls), rig.lane.fates]).toEqual([new Set(['a1']), []]);
  });

  it('waits as long as its deliveries so far say', async () => {
    const rig = failing(1);
    void rig.take(new FakeMessage({ body: 'a1', key: 'a', deliveryCount: 3 }));
    await turns();
    rig.clock.advance(3_999);
    await turns();
    expect(rig.calls).toHaveLength(1);
    rig.clock.advance(1);
    await turns();
    expect(rig.lane.fates).toEqual(['a1 ack']);
  });

  it('keeps its lease, and so do those behind it', async () => {
    const rig = failing(Infinity);
    void rig.take(...keyed('a1', 'a2', 'b2'));
    await turns();
    for (let third = 0; third < 6; third++) {
      rig.clock.advance(10_000);
      await turns();
    }
    expect(rig.lane.extended.filter((body) => body === 'a1').length).toBeGreaterThanOrEqual(6);
    expect(rig.lane.extended.filter((body) => body === 'a2').length).toBeGreaterThanOrEqual(6);
    expect(rig.lane.fates).toEqual(['b2 ack']);
  });

  it('is named by health until it is handled', async () => {
    const rig = failing(1);
    void rig.take(...keyed('a1'));
    await turns();
    expect(rig.healthIssues.list()).toEqual([expect.stringMatching(/Orders\.on .*\(a1\) waits .*: not yet/)]);
    rig.clock.advance(1_000);
    await turns();
    expect(rig.healthIssues.list()).toEqual([]);
  });

  it('is held where the publish of its result fails for good, too', async () => {
    const rig = failing(0, {
      binding: { routes: [{ broker: 'out', destination: 'q' }] },
      handle: (body) => outgoing(body),
    });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...keyed('a1'));
    await eventually(() => rig.healthIssues.any);
    void rig.take(...keyed('a2'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a1'], []]);
  });

  it('is parked where it has a dead letter: nothing is held', async () => {
    const rig = failing(Infinity, { binding: { deadLetter: { broker: 'out', destination: 'parked' } } });
    void rig.take(...keyed('a1', 'a2'));
    await eventually(() => rig.lane.settled.length === 2);
    expect([rig.calls, rig.lane.fates]).toEqual([
      ['a1', 'a2'],
      ['a1 ack', 'a2 ack'],
    ]);
  });

  it('is held where its letter can never be written', async () => {
    const rig = failing(0, {
      binding: { deadLetter: { broker: 'out', destination: 'parked' } },
      handle: () => {
        throw new RejectMessage();
      },
    });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...keyed('a1', 'a2'));
    await eventually(() => rig.healthIssues.any);
    expect([rig.calls, rig.lane.fates]).toEqual([['a1'], []]);
  });
});

describe('what goes back to the server', () => {
  it('is a failed message without a key', async () => {
    const rig = failing(1);
    void rig.take(...keyed('-1', '-2', 'b2'));
    await turns();
    expect(rig.lane.fates.sort()).toEqual(['-1 1000', '-2 ack', 'b2 ack']);
  });

  it('is one of a lane that calls one after another, with `total` as without', async () => {
    for (const sideBySide of [undefined, { perLane: 1, total: 4, keyOf: () => '' }]) {
      const rig = failing(1, { binding: { sideBySide } });
      void rig.take(...keyed('a1', 'a2'));
      await turns();
      expect(rig.lane.fates).toEqual(['a1 1000', 'a2 ack']);
    }
  });

  it('is one whose deliveries the server counts, and gives up by that', async () => {
    const rig = failing(1, { lane: { ...server, maxHeld: 0 } });
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    expect(rig.lane.fates).toEqual(['a1 1000', 'a2 ack']);
  });
});

describe('a nacked message with a key, of a server that redelivers', () => {
  const ways: readonly [string, NonNullable<RigOptions['handle']>][] = [
    ['by context.nack()', (_, context) => nackIn(5_000, context)],
    [
      'by a thrown NackMessage',
      () => {
        throw new NackMessage({ delayMs: 5_000 });
      },
    ],
  ];

  it.each(ways)('%s waits here for its delay, and holds its key', async (_, nack) => {
    const rig = failing(0, {
      handle: (body, context) => (body === 'a1' && context.message.attempt === 1 ? nack(body, context) : undefined),
    });
    void rig.take(...keyed('a1', 'a2', 'b1'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a1', 'b1'], ['b1 ack']]);
    rig.clock.advance(4_999);
    await turns();
    expect(rig.calls).toHaveLength(2);
    rig.clock.advance(1);
    await turns();
    expect([rig.calls.slice(2), rig.lane.fates]).toEqual([
      ['a1', 'a2'],
      ['b1 ack', 'a1 ack', 'a2 ack'],
    ]);
  });

  it('after its handler has ended (manual) is leased again at once, and holds what comes behind it', async () => {
    const rig = failing(0, { binding: { ack: 'manual' } });
    void rig.take(...keyed('a1'));
    await turns();
    rig.clock.advance(25_000);
    rig.contexts[0]?.nack({ delayMs: 60_000 });
    expect(rig.lane.extended).toEqual(['a1']);
    void rig.take(...keyed('a2'));
    await turns();
    for (let third = 0; third < 5; third++) rig.clock.advance(10_000);
    await turns();
    expect([rig.calls, rig.lane.extended.filter((body) => body === 'a1')]).toEqual([
      ['a1'],
      Array.from({ length: 6 }, () => 'a1'),
    ]);
    rig.clock.advance(10_000);
    await turns();
    expect(rig.calls).toEqual(['a1', 'a1', 'a2']);
  });

  it('goes back with the rest of its delay at a pause and at a stop', async () => {
    for (const end of ['pause', 'stopCalling'] as const) {
      const rig = failing(0, { handle: (_, context) => nackIn(60_000, context) });
      void rig.take(...keyed('a1'));
      await turns();
      rig.clock.advance(9_000);
      rig.sink[end]();
      await turns();
      expect(rig.lane.fates).toEqual(['a1 51000']);
      expect(rig.sink.taken).toBe(0);
    }
  });
});

describe('a held key', () => {
  it('goes back at a pause: its first message with the rest of its delay; after that another one is its first', async () => {
    const rig = failing(1);
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    rig.clock.advance(400);
    rig.sink.pause();
    await turns();
    expect(rig.lane.fates.sort()).toEqual(['a1 600', 'a2 0']);
    expect(rig.healthIssues.list()).toEqual([]);
    rig.sink.resume();
    void rig.take(...[3, 4].map((at) => new FakeMessage({ key: 'a', body: `a${at}` })));
    await turns();
    expect(rig.lane.fates.slice(2)).toEqual(['a3 ack', 'a4 ack']);
  });

  it('stays where it is over a pause that ends at once', async () => {
    const rig = failing(1);
    void rig.take(...keyed('a1'));
    await turns();
    rig.sink.pause();
    rig.sink.resume();
    await turns();
    rig.clock.advance(999);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a1'], []]);
    rig.clock.advance(1);
    await turns();
    expect(rig.lane.fates).toEqual(['a1 ack']);
  });

  it('goes back at a stop, which does not wait for it', async () => {
    const rig = failing(1);
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    rig.clock.advance(400);
    rig.sink.stopCalling();
    await rig.sink.drained();
    expect(rig.lane.fates.sort()).toEqual(['a1 600', 'a2 0']);
    expect(rig.healthIssues.list()).toEqual([]);
  });

  it('is left where its lane is lost: nothing is settled', async () => {
    const rig = failing(1);
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    rig.lane.lose();
    rig.clock.advance(10_000);
    await turns();
    expect([rig.calls, rig.lane.fates, rig.healthIssues.list()]).toEqual([['a1'], [], []]);
  });

  it('takes up none of the calls: as many run as before', async () => {
    const { rig, calls } = openCalls({ lane: server, binding: { sideBySide: sideBySide(2), retry: once } });
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    for (const call of calls.values()) call.reject(new Error('not yet'));
    await turns();
    void rig.take(...keyed('c1', 'd1', 'a2'));
    await turns();
    expect([rig.counts.running, rig.calls]).toEqual([2, ['a1', 'b1', 'c1', 'd1']]);
  });

  it('lets so many of its messages wait as the lane allows, and others go on', async () => {
    const rig = failing(Infinity, { lane: { ...server, maxHeld: 600 } });
    void rig.take(...ofKey('a', 1));
    await turns();
    for (let at = 2; at <= 590; at++) {
      expect(rig.lane.demanded.at(-1)).toBeGreaterThan(0);
      void rig.take(new FakeMessage({ key: 'a', body: `a${at}x` }));
      await turns(2);
    }
    void rig.take(...keyed('b2', 'c2'));
    await turns();
    expect(rig.lane.fates).toEqual(['b2 ack', 'c2 ack']);
  });

  it('has no more of its messages fetched than that, while those of others are handled', async () => {
    const rig = failing(1, { lane: { ...server, maxHeld: 40 } });
    void rig.take(...keyed('a1'));
    await turns();
    let given = 0;
    for (let asked = 0; asked < rig.lane.demanded.length;) {
      asked = rig.lane.demanded.length;
      const bodies = Array.from({ length: rig.lane.demanded.at(-1) ?? 0 }, () => `${given++ % 2 === 0 ? 'a' : 'b'}2`);
      void rig.take(...bodies.map((body) => new FakeMessage({ body, key: body.charAt(0) })));
      await turns(20);
    }
    expect(given / 2).toBeGreaterThanOrEqual(40);
    expect(given / 2).toBeLessThanOrEqual(40 + 250);
    expect(rig.lane.settled.length).toBe(Math.floor(given / 2));
    const asked = rig.lane.demanded.length;
    rig.clock.advance(1_000);
    await turns(50);
    expect(rig.lane.settled).toHaveLength(given + 1);
    expect(rig.lane.demanded.length).toBeGreaterThan(asked);
  });

  it('stalls its lane once that many wait: health names the message that holds them', async () => {
    const rig = failing(Infinity, { lane: { ...server, maxHeld: 20 } });
    void rig.take(...ofKey('a', 21));
    await turns();
    const asked = rig.lane.demanded.length;
    rig.clock.advance(4_999);
    await turns();
    expect(rig.sink.healthIssues).toEqual([]);
    for (let at = 0; at < 4; at++) {
      rig.clock.advance(8_000);
      await turns();
    }
    expect(rig.lane.demanded).toHaveLength(asked);
    expect(rig.sink.healthIssues).toEqual([
      expect.stringMatching(
        /^Orders\.on has been stalled on in\[0\] since .*: the oldest unsettled message, a1, waits for a further call of its handler\. 20 messages wait for others of their key/,
      ),
    ]);
  });
});
