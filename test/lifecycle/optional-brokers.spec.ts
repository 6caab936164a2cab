import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { definition, errorOf, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const bridge = {
  handler: 'Bridge.on',
  broker: 'orders',
  source: 'created',
  publishTo: [{ broker: 'events', destination: 'q', options: {} }],
  call: () => outgoing('x'),
};

/** `events` may come later, and does when `up` is resolved. */
function optionalEvents(): { rig: LifecycleRig; comeUp: () => void } {
  let up = false;
  const rig = new LifecycleRig({
    brokers: ['orders', definition('events', { critical: false })],
    handlers: [bridge, { broker: 'events', source: 'core.b' }, { broker: 'orders', source: 'other' }],
    prepare: ({ name, gates }) => {
      if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
    },
  });
  return { rig, comeUp: () => (up = true) };
}

describe('a broker with critical: false', () => {
  it('does not keep the others from starting, but for 2 s of grace', async () => {
    const { rig } = optionalEvents();
    const started = rig.multi.start();
    await rig.advance(1_999);
    expect(await stateOf(started)).toBe('open');
    await rig.advance(1);
    expect(await stateOf(started)).toBe('done');
    expect(rig.multi.health().status).toBe('degraded');
    expect(rig.log.lines.join('\n')).toMatch(/'events' is not up yet: .*not there/);
    expect(rig.log.lines.join('\n')).toContain('Handlers that wait for a broker: Bridge.on, Orders.onCreated');
    await rig.multi.stop();
  });

  it('is waited for no longer than it takes', async () => {
    const { rig, comeUp } = optionalEvents();
    comeUp();
    expect(await stateOf(rig.multi.start())).toBe('done');
    expect(rig.clock.pending()).toEqual([]);
    expect(rig.multi.health().status).toBe('up');
  });

  it('comes later by itself; its sources, and those that publish to it, hold until then', async () => {
    const { rig, comeUp } = optionalEvents();
    const started = rig.multi.start();
    await rig.advance(2_000);
    await started;
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed other']);
    comeUp();
    await rig.advance(10_000);
    expect(rig.seen('subscribed')).toEqual([
      'orders: subscribed other',
      'events: subscribed core.b',
      'orders: subscribed created',
    ]);
    expect(rig.multi.health().status).toBe('up');
    const lane = rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    expect([lane.fates, rig.driver('events').written]).toEqual([['a ack'], ['x']]);
    await rig.multi.stop();
    expect(rig.clock.pending()).toEqual([]);
  });

  it('whose source cannot begin does not fail the start; it is tried again until it reads', async () => {
    let failures = 4;
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [
        { broker: 'events', source: 'core.b' },
        { broker: 'orders', source: 'created' },
      ],
      prepare: ({ name, gates }) => {
        if (name !== 'events') return;
        gates.subscribe = () => (failures-- > 0 ? Promise.reject(new Error('no stream')) : Promise.resolve());
      },
    });
    const started = rig.multi.start();
    await rig.advance(2_000);
    await started;
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
    await rig.advance(6_000);
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created', 'events: subscribed core.b']);
    await rig.multi.stop();
    expect(rig.clock.pending()).toEqual([]);
  });

  it('whose driver hangs while it subscribes does not use up the time of the start', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [
        { broker: 'events', source: 'core.b' },
        { broker: 'orders', source: 'created' },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.subscribe = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    await rig.advance(2_000);
    expect(await stateOf(started)).toBe('done');
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
    gate.resolve();
    await turns();
    expect(rig.seen('subscribed')).toHaveLength(2);
    await rig.multi.stop();
  });

  it('that is up is subscribed before what is durable, as any other', async () => {
    const { rig, comeUp } = optionalEvents();
    comeUp();
    await rig.multi.start();
    expect(rig.seen('subscribe ')).toEqual(['events: subscribe core.b', 'orders: subscribe created+other']);
  });

  it('that is up reads when the start is over', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [{ broker: 'events', source: 'stored' }],
      prepare: ({ gates }) => {
        gates.subscribe = () => turns(5);
      },
    });
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual(['events: subscribed stored']);
    expect(rig.log.lines.join()).not.toContain('wait for a broker');
  });

  it('that comes up while the others subscribe is not forgotten', async () => {
    const subscribing = open();
    let up = false;
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [
        { broker: 'orders', source: 'created' },
        { broker: 'events', source: 'stored' },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'orders') gates.subscribe = () => subscribing.promise;
        else if (!up) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const started = rig.multi.start();
    await rig.advance(2_000);
    up = true;
    await rig.advance(10_000);
    expect(rig.seen('events: connected')).toHaveLength(1);
    subscribing.resolve();
    await started;
    await turns();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created', 'events: subscribed stored']);
  });

  it('is no longer tried after a start that failed', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [
        { broker: 'orders', source: 'created' },
        { broker: 'events', source: 'core.b' },
      ],
      prepare: ({ gates }) => {
        gates.subscribe = () => Promise.reject(new Error('no stream'));
      },
    });
    const failed = errorOf(rig.multi.start());
    await rig.advance(2_000);
    expect((await failed).message).toContain("'orders': no stream");
    const tries = rig.seen('subscribe ').length;
    await rig.advance(60_000);
    expect([rig.seen('subscribe ').length, rig.clock.pending()]).toEqual([tries, []]);
  });

  it('is no longer tried after a stop', async () => {
    const { rig, comeUp } = optionalEvents();
    const started = rig.multi.start();
    await rig.advance(2_000);
    await started;
    await rig.multi.stop();
    comeUp();
    const tries = rig.made('events');
    await rig.advance(60_000);
    expect([rig.made('events'), rig.clock.pending()]).toEqual([tries, []]);
  });

  it('is tried again soon at first, then every 10 s', async () => {
    const { rig } = optionalEvents();
    const started = rig.multi.start();
    await rig.advance(2_000);
    await started;
    expect(rig.made('events')).toBe(3);
    await rig.advance(60_000);
    expect(rig.made('events')).toBeGreaterThan(8);
    expect(rig.made('events')).toBeLessThan(14);
    await rig.multi.stop();
  });
});

it('a source that holds begins although another one keeps failing', async () => {
  let up = false;
  const rig = new LifecycleRig({
    brokers: ['orders', definition('bad', { critical: false }), definition('events', { critical: false })],
    handlers: [
      { broker: 'bad', source: 'never' },
      { broker: 'events', source: 'late' },
    ],
    prepare: ({ name, gates }) => {
      if (name === 'bad') gates.subscribe = () => Promise.reject(new Error('no stream'));
      if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
    },
  });
  const started = rig.multi.start();
  await rig.advance(2_000);
  await started;
  up = true;
  await rig.advance(10_000);
  expect(rig.seen('subscribed')).toEqual(['events: subscribed late']);
  await rig.multi.stop();
});
