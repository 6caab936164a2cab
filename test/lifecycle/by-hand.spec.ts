import { describe, expect, it } from '@jest/globals';
import { open } from '../support/delivery-rig.js';
import { FakeMessage } from '../support/fake-lane.js';
import { definition, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

/** `events` may come later. What is `down` does not connect; `gate` is what a subscription to `more` waits for. */
function optionalEvents() {
  const state: { down: string[]; gate?: () => Promise<void> } = { down: [] };
  const rig = new LifecycleRig({
    brokers: ['orders', definition('events', { critical: false })],
    handlers: [{ broker: 'events', source: 'stored' }],
    prepare: ({ name, gates }) => {
      if (state.down.includes(name)) gates.connect = () => Promise.reject(new Error('not there'));
      gates.subscribe = async ([source]) => {
        if (source?.address === 'more') await state.gate?.();
      };
    },
  });
  const subscribed = (): string[] => rig.seen('events: subscribed');
  const subscribe = () => rig.multi.get('events').subscribe('more', (payload) => void seen.push(payload));
  const seen: unknown[] = [];
  const restart = async () => {
    await rig.multi.kill();
    rig.events.length = 0;
    const started = rig.multi.start();
    await rig.advance(2_000);
    return stateOf(started);
  };
  return { rig, state, seen, subscribe, subscribed, restart };
}

describe('a subscription by hand', () => {
  it('from before the start reads once, not once more from the start on', async () => {
    const { rig, subscribe, subscribed } = optionalEvents();
    await subscribe();
    await rig.multi.start();
    expect(subscribed()).toEqual(['events: subscribed more', 'events: subscribed stored']);
  });

  it('to a broker that a restart does without reads when that comes up, before its sources', async () => {
    const { rig, state, seen, subscribe, subscribed, restart } = optionalEvents();
    await rig.multi.start();
    await subscribe();
    state.down = ['events'];
    expect([await restart(), subscribed()]).toEqual(['done', []]);
    state.down = [];
    await rig.advance(10_000);
    expect(subscribed()).toEqual(['events: subscribed more', 'events: subscribed stored']);
    rig.deliver('events', 'more', new FakeMessage({ body: '"a"', position: '1' }));
    await turns();
    expect(seen).toEqual(['a']);
    await rig.multi.stop();
    expect(rig.clock.pending()).toEqual([]);
  });

  it('to a broker that the next start does without, after one that failed, reads when that comes up', async () => {
    const { rig, state, subscribe, subscribed } = optionalEvents();
    await subscribe();
    state.down = ['orders'];
    expect(await stateOf(rig.multi.start())).toBe('MULTI_BROKER_START_FAILED');
    state.down = ['events'];
    const started = rig.multi.start();
    await rig.advance(2_000);
    expect([await stateOf(started), subscribed()]).toEqual(['done', ['events: subscribed more']]);
    state.down = [];
    await rig.advance(10_000);
    expect(subscribed().slice(1)).toEqual(['events: subscribed more', 'events: subscribed stored']);
  });

  it('that cannot be made again does not fail a restart; it is tried again until it reads', async () => {
    const { rig, state, subscribe, subscribed, restart } = optionalEvents();
    await rig.multi.start();
    await subscribe();
    state.gate = () => Promise.reject(new Error('no stream'));
    expect([await restart(), subscribed()]).toEqual(['done', ['events: subscribed stored']]);
    expect(rig.log.lines.join('\n')).toContain('no stream');
    delete state.gate;
    await rig.advance(4_000);
    expect(subscribed()).toEqual(['events: subscribed stored', 'events: subscribed more']);
    await rig.advance(60_000);
    expect(subscribed()).toHaveLength(2);
  });

  it('that is stopped while its broker is down reads no more', async () => {
    const { rig, state, subscribe, subscribed, restart } = optionalEvents();
    await rig.multi.start();
    const subscription = await subscribe();
    state.down = ['events'];
    await restart();
    await subscription.stop();
    state.down = [];
    await rig.advance(10_000);
    expect(subscribed()).toEqual(['events: subscribed stored']);
  });

  it('that is stopped while it is made again is left', async () => {
    const { rig, state, subscribe, restart } = optionalEvents();
    await rig.multi.start();
    const subscription = await subscribe();
    const gate = open();
    state.gate = () => gate.promise;
    await restart();
    await subscription.stop();
    gate.resolve();
    await rig.advance(10_000);
    expect(rig.seen('more')).toEqual([
      'events: subscribe more',
      'events: subscribed more',
      'events: quiet more',
      'events: flush more',
      'events: leave more',
    ]);
  });

  it('is no longer tried after a stop', async () => {
    const { rig, state, subscribe, restart } = optionalEvents();
    await rig.multi.start();
    await subscribe();
    state.gate = () => Promise.reject(new Error('no stream'));
    await restart();
    await rig.multi.stop();
    const tries = rig.seen('subscribe more').length;
    await rig.advance(60_000);
    expect([rig.seen('subscribe more').length, rig.clock.pending()]).toEqual([tries, []]);
  });
});
