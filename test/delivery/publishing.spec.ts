import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const bridge = (options: RigOptions = {}): Rig =>
  new Rig({
    handle: (body) => outgoing(body),
    ...options,
    binding: { routes: [{ broker: 'out', destination: 'q dedupes' }], ...options.binding },
  });

const twoRoutes = [
  { broker: 'out', destination: 'q' },
  { broker: 'other', destination: 'r' },
];

describe('publishers', () => {
  it('run one after another: the second when the first is confirmed', async () => {
    const rig = bridge({ binding: { routes: twoRoutes } });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a'));
    await turns();
    expect([rig.drivers.out.written, rig.drivers.other.written]).toEqual([['a'], []]);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    expect(rig.drivers.other.written).toEqual(['a']);
  });

  it('are all confirmed before the message is settled', async () => {
    const rig = bridge({ binding: { routes: twoRoutes } });
    rig.drivers.other.hold = true;
    void rig.take(...messages('a'));
    await turns();
    expect([rig.drivers.out.written, rig.lane.fates]).toEqual([['a'], []]);
    rig.drivers.other.writes[0]?.confirm();
    await turns();
    expect(rig.lane.fates).toEqual(['a ack']);
  });

  it('are not reached behind one that failed', async () => {
    const rig = bridge({ binding: { routes: twoRoutes, ack: 'reject-on-error' } });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.drivers.other.written]).toEqual([['a reject'], []]);
  });

  it('all get every item of a result, in order', async () => {
    const rig = bridge({
      binding: { routes: twoRoutes },
      handle: (body) => [outgoing(`${body}1`), outgoing(`${body}2`)],
    });
    void rig.take(...messages('a', 'b'));
    await eventually(() => rig.lane.settled.length === 2);
    expect(rig.drivers.out.written).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(rig.drivers.other.written).toEqual(['a1', 'a2', 'b1', 'b2']);
  });
});

describe('a publish that fails retriably', () => {
  it('is tried again with the same bytes and the same dedupe id until it is confirmed; the handler is not called', async () => {
    const rig = bridge();
    let failures = 3;
    rig.drivers.out.outcome = () => (failures-- > 0 ? refused(true) : confirmed);
    void rig.take(...messages('a'));
    for (const ms of [50, 100, 200]) {
      await turns();
      expect(rig.lane.fates).toEqual([]);
      rig.clock.advance(ms - 1);
      await turns();
      const before = rig.drivers.out.writes.length;
      rig.clock.advance(1);
      await turns();
      expect(rig.drivers.out.writes.length).toBe(before + 1);
    }
    const sent = rig.drivers.out.writes.map(({ batch }) => batch[0]);
    expect(sent).toHaveLength(4);
    for (const message of sent) expect(message).toBe(sent[0]);
    expect([rig.calls, rig.lane.fates, rig.counts.failed]).toEqual([['a'], ['a ack'], 0]);
  });

  it('goes before what came later', async () => {
    const rig = bridge();
    const failing = new Set(['b']);
    rig.drivers.out.outcome = ({ body }) => (failing.delete(String(body)) ? refused(true) : confirmed);
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    void rig.take(...messages('d'));
    await turns();
    rig.clock.advance(50);
    await eventually(() => rig.lane.settled.length === 4);
    expect(rig.drivers.out.writes.map(({ bodies }) => bodies.join(''))).toEqual(['abc', 'bd']);
  });

  it('waits no longer than 2 s', async () => {
    const rig = bridge();
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a'));
    for (let tries = 0; tries < 20; tries++) {
      await turns();
      rig.clock.next();
    }
    await turns();
    expect(rig.clock.nextAt() - rig.clock.now()).toBe(2_000);
  });
});

describe('a publish that fails for good', () => {
  it('is left to the ack policy; where delivery holds, handler and publish follow after 1 s, and all behind it wait', async () => {
    const rig = bridge();
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    void rig.take(...messages('b'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
    rig.clock.advance(999);
    await turns();
    expect(rig.calls).toEqual(['a']);
    rig.clock.advance(1);
    await turns();
    expect(rig.calls).toEqual(['a', 'a']);
    rig.drivers.out.outcome = () => confirmed;
    rig.clock.advance(2_000);
    await eventually(() => rig.lane.settled.length === 2);
    expect([rig.calls, rig.lane.fates]).toEqual([
      ['a', 'a', 'a', 'b'],
      ['a ack', 'b ack'],
    ]);
  });

  it('goes back to a server that brings it again', async () => {
    const rig = bridge({ lane: { redelivery: 'server' } });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a 1000']]);
  });

  it('has the same dedupe id when the message comes again', async () => {
    const rig = bridge();
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    rig.clock.advance(1_000);
    await turns();
    const ids = rig.drivers.out.writes.map(({ batch }) => batch[0]?.dedupeId);
    expect(ids).toEqual(['a/Orders.on/queue in/0/0', 'a/Orders.on/queue in/0/0']);
  });
});

describe('dedupe ids', () => {
  it('differ by message, publisher and item', async () => {
    const routes = [
      { broker: 'out', destination: 'q dedupes' },
      { broker: 'out', destination: 'r dedupes' },
    ];
    const rig = bridge({ binding: { routes }, handle: (body) => [outgoing(body), outgoing(body)] });
    void rig.take(...messages('a', 'b'));
    await eventually(() => rig.lane.settled.length === 2);
    const ids = rig.drivers.out.writes.flatMap(({ batch }) => batch.map(({ dedupeId }) => dedupeId));
    expect(new Set(ids).size).toBe(8);
  });

  it('are not made for destinations that take every message', async () => {
    const rig = bridge({ binding: { routes: [{ broker: 'out', destination: 'q' }] } });
    void rig.take(...messages('a'));
    await turns();
    expect(rig.drivers.out.writes[0]?.batch[0]).toMatchObject({ dedupeId: undefined });
  });
});

describe('a result', () => {
  it('that cannot be encoded leaves none of its items behind it', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const rig = bridge({
      binding: { routes: twoRoutes, ack: 'reject-on-error' },
      handle: () => [outgoing('fine'), outgoing(circular)],
    });
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.drivers.out.written, rig.drivers.other.written]).toEqual([['a reject'], [], []]);
    expect(rig.calls).toEqual(['a']);
    expect(rig.log.lines.join()).toContain('failed');
  });

  it('for a broker that is not there is not written, and comes again', async () => {
    const rig = bridge({ binding: { routes: [{ broker: 'late', destination: 'q' }] } });
    void rig.take(...messages('a'));
    await turns();
    rig.clock.advance(999);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
    rig.clock.advance(1);
    await turns();
    expect(rig.calls).toEqual(['a', 'a']);
  });
});
