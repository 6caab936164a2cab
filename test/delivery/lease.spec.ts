import { expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const lane = { again: 'server', leaseMs: 30_000 } as const;

it('what is worked on and what waits behind it is extended at a third of the lease, until it is settled', async () => {
  const first = open();
  const rig = new Rig({ lane, handle: (body) => (body === 'a' ? first.promise.then(() => undefined) : undefined) });
  void rig.take(...messages('a', 'b'));
  rig.clock.advance(9_999);
  expect(rig.lane.extended).toEqual([]);
  rig.clock.advance(1);
  expect(rig.lane.extended).toEqual(['a', 'b']);
  rig.clock.advance(10_000);
  expect(rig.lane.extended).toEqual(['a', 'b', 'a', 'b']);
  first.resolve();
  await turns();
  expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
  rig.clock.advance(60_000);
  expect(rig.lane.extended).toHaveLength(4);
  expect(rig.clock.pending()).toEqual([]);
});

it('what comes after a pause of work is extended too', async () => {
  const second = open();
  const rig = new Rig({ lane, handle: (body) => (body === 'b' ? second.promise.then(() => undefined) : undefined) });
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(60_000);
  void rig.take(...messages('b'));
  rig.clock.advance(10_000);
  expect(rig.lane.extended).toEqual(['b']);
  second.resolve();
  await turns();
});

it('a message whose publishes are being confirmed is extended', async () => {
  const rig = new Rig({
    lane,
    handle: () => outgoing('x'),
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
  });
  rig.drivers.out.hold = true;
  void rig.take(...messages('a'));
  await eventually(() => rig.drivers.out.writes.length === 1);
  rig.clock.advance(10_000);
  expect(rig.lane.extended).toEqual(['a']);
});

it('a message that is settled while its handler runs is not extended', async () => {
  const running = open();
  const rig = new Rig({ lane, binding: { ack: 'ack-first' }, handle: () => running.promise.then(() => undefined) });
  void rig.take(...messages('a'));
  rig.clock.advance(30_000);
  expect([rig.lane.fates, rig.lane.extended]).toEqual([['a ack'], []]);
  running.resolve();
  await turns();
});

it('during a stop what runs is extended until it has ended; what waits is not', async () => {
  const running = open();
  const rig = new Rig({ lane, handle: () => running.promise.then(() => undefined) });
  void rig.take(...messages('a', 'b'));
  rig.sink.stopCalling();
  rig.clock.advance(20_000);
  expect(rig.lane.extended).toEqual(['a', 'a']);
  running.resolve();
  await rig.sink.drained();
  expect(rig.lane.fates).toEqual(['a ack']);
  rig.clock.advance(20_000);
  expect(rig.clock.pending()).toEqual([]);
});

it('nothing is extended after the lane was lost or given up', async () => {
  for (const end of ['lose', 'abandon'] as const) {
    const rig = new Rig({ lane, handle: () => new Promise(() => {}) });
    void rig.take(...messages('a', 'b'));
    if (end === 'lose') rig.lane.lose();
    else rig.sink.abandon();
    await turns();
    expect(rig.clock.pending()).toEqual([]);
  }
});

it('a lane without a lease has no timer', () => {
  const rig = new Rig({ handle: () => new Promise(() => {}) });
  void rig.take(...messages('a'));
  expect(rig.clock.pending()).toEqual([]);
});
