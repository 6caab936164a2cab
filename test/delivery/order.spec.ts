import { expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

it('handlers of a lane run one after another', async () => {
  let running = 0;
  let most = 0;
  const rig = new Rig({
    handle: async () => {
      most = Math.max(most, ++running);
      await turns(1);
      running--;
      return undefined;
    },
  });
  void rig.take(...messages('a', 'b', 'c'));
  void rig.take(...messages('d'));
  await eventually(() => rig.lane.settled.length === 4);
  expect([rig.calls.join(''), most]).toEqual(['abcd', 1]);
});

it('a handler that is retried keeps those behind it waiting, other lanes go on', async () => {
  let failures = 2;
  const rig = new Rig({
    handle: (body) => {
      if (body === 'a' && failures-- > 0) throw new Error('not yet');
      return undefined;
    },
  });
  const other = rig.open({ name: 'in[1]' });
  void rig.take(...messages('a', 'b'));
  void rig.sink.take(other, messages('x', 'y'));
  await turns();
  expect(rig.calls).toEqual(['a', 'x', 'y']);
  expect(other.fates).toEqual(['x ack', 'y ack']);
  rig.clock.advance(99);
  await turns();
  expect(rig.calls).toHaveLength(3);
  rig.clock.advance(1);
  await turns();
  expect(rig.calls).toEqual(['a', 'x', 'y', 'a']);
  rig.clock.advance(199);
  await turns();
  expect(rig.calls).toHaveLength(4);
  rig.clock.advance(1);
  await turns();
  expect(rig.calls).toEqual(['a', 'x', 'y', 'a', 'a', 'b']);
  expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
});

it('the next handler begins while the publishes of the one before are being confirmed', async () => {
  const rig = new Rig({
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: (body) => outgoing(body),
  });
  rig.drivers.out.hold = true;
  void rig.take(...messages('a', 'b'));
  await eventually(() => rig.drivers.out.writes.length > 0);
  expect(rig.calls).toEqual(['a', 'b']);
  expect(rig.lane.settled).toEqual([]);
});

it('confirmations settle in the order in which they come', async () => {
  const rig = new Rig({
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: (body) => outgoing(body, { destination: body }),
  });
  rig.drivers.out.hold = true;
  void rig.take(...messages('a', 'b'));
  await eventually(() => rig.drivers.out.writes.length === 2);
  rig.drivers.out.writes[1]?.confirm();
  await turns();
  expect(rig.lane.fates).toEqual(['b ack']);
  rig.drivers.out.writes[0]?.confirm();
  await turns();
  expect(rig.lane.fates).toEqual(['b ack', 'a ack']);
});

it('a message whose publish failed is called again only when no handler of its lane runs', async () => {
  const slow = open();
  const rig = new Rig({
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: async (body) => {
      if (body === 'b') await slow.promise;
      return body === 'a' ? outgoing(body) : undefined;
    },
  });
  rig.drivers.out.outcome = () => (rig.drivers.out.writes.length === 1 ? refused(false) : confirmed);
  void rig.take(...messages('a', 'b', 'c'));
  await turns();
  expect(rig.calls).toEqual(['a', 'b']);
  rig.clock.advance(1_000);
  await turns();
  expect(rig.calls).toEqual(['a', 'b']);
  slow.resolve();
  await eventually(() => rig.lane.settled.length === 3);
  expect(rig.calls).toEqual(['a', 'b', 'a', 'c']);
});

it('messages whose publishes failed together are called again one after another, in their order', async () => {
  let running = 0;
  let most = 0;
  const rig = new Rig({
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: async (body) => {
      most = Math.max(most, ++running);
      await turns(2);
      running--;
      return outgoing(body);
    },
  });

  rig.drivers.out.hold = true;
  void rig.take(...messages('a', 'b'));
  await eventually(() => rig.calls.length === 2 && running === 0);
  await turns();
  for (const write of rig.drivers.out.writes) write.reject(new Error('gone'));
  await turns();
  for (const write of rig.drivers.out.writes) write.reject(new Error('gone'));
  await turns();
  rig.drivers.out.hold = false;

  rig.clock.advance(1_000);
  await eventually(() => rig.lane.settled.length === 2);
  expect([rig.calls.join(''), most]).toEqual(['abab', 1]);
});
