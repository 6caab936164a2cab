import { describe, expect, it } from '@jest/globals';
import { FakeLane, FakeMessage } from '../support/fake-lane.js';
import { LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

/** A subscription by hand from before the start, and a broker beside it that does not connect while it is `down`. */
async function subscribed(source: string) {
  const state = { down: false };
  const seen: unknown[] = [];
  const rig = new LifecycleRig({
    brokers: ['events', 'orders'],
    prepare: ({ name, gates }) => {
      if (name === 'orders' && state.down) gates.connect = () => Promise.reject(new Error('not there'));
    },
  });
  const subscription = await rig.multi.get('events').subscribe(source, function onMore(payload) {
    seen.push(payload);
  });
  const deliver = async (body: string) => {
    const { sources, sink } = rig.driver('events').intakes.at(-1)!;
    const lane = new FakeLane({ source: sources[0]!, redelivery: source.startsWith('core') ? 'none' : 'in-place' });
    sink.opened(lane);
    void sink.take(lane, [new FakeMessage({ body: JSON.stringify(body), position: body })]);
    await turns();
  };
  return { rig, state, seen, subscription, deliver };
}

describe('a subscription by hand that is paused', () => {
  it('is not called by the roll-back of a start that failed, and reads on paused after the next one', async () => {
    for (const source of ['core more', 'more']) {
      const { rig, state, seen, subscription, deliver } = await subscribed(source);
      subscription.pause();
      await deliver('a');
      state.down = true;
      expect(await stateOf(rig.multi.start())).toBe('MULTI_BROKER_START_FAILED');
      expect([source, seen]).toEqual([source, []]);
      state.down = false;
      await rig.multi.start();
      await deliver('b');
      expect([source, seen]).toEqual([source, []]);
      subscription.resume();
      await turns();
      expect([source, seen]).toEqual([source, ['b']]);
      await rig.multi.stop();
    }
  });

  it('and resumed after a start that failed reads on', async () => {
    const { rig, state, seen, subscription, deliver } = await subscribed('more');
    subscription.pause();
    state.down = true;
    await stateOf(rig.multi.start());
    subscription.resume();
    state.down = false;
    await rig.multi.start();
    await deliver('b');
    expect(seen).toEqual(['b']);
    await rig.multi.stop();
  });

  it('is told in health, with what waits, and degrades nothing', async () => {
    const { rig, subscription, deliver } = await subscribed('more');
    await rig.multi.start();
    subscription.pause();
    await deliver('a');
    expect(rig.multi.get('events').health()).toMatchObject({
      status: 'up',
      reasons: [],
      notes: ['onMore is paused: nothing of queue more is handled before resume(); 1 message(s) wait'],
    });
    subscription.resume();
    await turns();
    expect(rig.multi.get('events').health().notes).toEqual([]);
    await rig.multi.stop();
  });

  it('of a source that nobody brings back is handled to the end by a stop', async () => {
    const { rig, seen, subscription, deliver } = await subscribed('core more');
    await rig.multi.start();
    subscription.pause();
    await deliver('a');
    expect(seen).toEqual([]);
    await rig.multi.stop();
    expect(seen).toEqual(['a']);
  });
});
