import { expect, it } from '@jest/globals';
import { open, Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

it('a paused subscription begins no handler until it is resumed; the one that runs ends', async () => {
  const running = open();
  const rig = new Rig({ handle: () => running.promise.then(() => undefined) });
  void rig.take(...messages('a', 'b'));
  rig.sink.pause();
  running.resolve();
  void rig.take(...messages('c'));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a done']]);
  rig.sink.resume();
  await turns();
  expect(rig.calls).toEqual(['a', 'b', 'c']);
});

it('a lane that opens meanwhile is paused too', async () => {
  const rig = new Rig();
  rig.sink.pause();
  const lane = rig.open({ name: 'in[1]' });
  void rig.sink.take(lane, messages('a'));
  await turns();
  expect(rig.calls).toEqual([]);
  rig.sink.resume();
  await turns();
  expect(rig.calls).toEqual(['a']);
});

it('a stop goes before a pause: what nobody brings back is handled to the end', async () => {
  const rig = new Rig({ lane: { again: 'never', waits: false } });
  rig.sink.pause();
  void rig.take(...messages('a', 'b'));
  rig.sink.quiet();
  rig.sink.pause();
  void rig.take(...messages('c'));
  await rig.sink.drained();
  expect(rig.calls).toEqual(['a', 'b', 'c']);
});
