import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { definition, errorOf, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const options = { allowLateBrokers: true };
const bridge = {
  handler: 'Bridge.on',
  broker: 'orders',
  source: 'created',
  publishTo: [{ broker: 'events', destination: 'q', options: {} }],
  call: () => outgoing('x'),
};

describe('a broker that is added before the start', () => {
  it('is as if it were listed: it connects with the others', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [bridge] });
    const added = await rig.multi.add(definition('events'));
    expect([rig.multi.get('events'), rig.multi.brokers.length, rig.events]).toEqual([added, 2, []]);
    await rig.multi.start();
    expect(rig.seen('connected', 'subscribed')).toEqual([
      'orders: connected',
      'events: connected',
      'orders: subscribed created',
    ]);
  });

  it('makes good what was missing when the wiring was last checked', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [bridge] });
    expect(() => rig.multi.check()).toThrow('events');
    await rig.multi.add(definition('events'));
    expect(() => rig.multi.check()).not.toThrow();
  });

  it('takes the handlers that waited for it when the wiring was checked', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [bridge], options });
    rig.multi.check();
    await rig.multi.add(definition('events'));
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
  });

  it('must have a name of its own', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    expect(await stateOf(rig.multi.add(definition('orders')))).toBe('MULTI_BROKER_DUPLICATE_BROKER');
  });
});

describe('a broker that is added after the start', () => {
  it('is refused unless late brokers are allowed', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.start();
    expect(await stateOf(rig.multi.add(definition('events')))).toBe('MULTI_BROKER_LATE_BROKER');
    expect([rig.multi.brokers.length, rig.made('events')]).toEqual([1, 0]);
  });

  it('must have a name of its own', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], options });
    await rig.multi.start();
    expect(await stateOf(rig.multi.add(definition('orders')))).toBe('MULTI_BROKER_DUPLICATE_BROKER');
    expect(rig.made('orders')).toBe(1);
  });

  it('connects, and the handlers that waited for it begin before add() resolves', async () => {
    const own = { broker: 'events', source: 'core.b' };
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [bridge, own], options });
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual([]);
    const added = await rig.multi.add(definition('events'));
    expect(rig.multi.get('events')).toBe(added);
    expect(rig.seen('subscribed')).toEqual(['events: subscribed core.b', 'orders: subscribed created']);
    const lane = rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    expect([lane.fates, rig.driver('events').written]).toEqual([['a ack'], ['x']]);
  });

  it('that does not connect is not there, and may be added again with its handlers', async () => {
    let well = false;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [bridge, { broker: 'events', source: 'core.b' }],
      options,
      prepare: ({ name, gates }) => {
        if (name === 'events' && !well) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    await rig.multi.start();
    expect(await stateOf(rig.multi.add(definition('events')))).toBe('MULTI_BROKER_CONNECT_FAILED');
    expect(() => rig.multi.get('events')).toThrow();
    well = true;
    await rig.multi.add(definition('events'));
    expect(rig.seen('subscribed')).toHaveLength(2);
  });

  it('whose handlers cannot begin leaves nothing behind, on other brokers either', async () => {
    let well = false;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [
        { ...bridge, source: 'core.a' },
        { broker: 'events', source: 'stored' },
      ],
      options,
      prepare: ({ name, gates }) => {
        if (name === 'events' && !well) gates.subscribe = () => Promise.reject(new Error('no stream'));
      },
    });
    await rig.multi.start();
    const error = await errorOf(rig.multi.add(definition('events')));
    expect(error.message).toContain('no stream');
    expect(rig.seen('leave', 'close')).toEqual(['orders: leave core.a', 'events: close']);
    well = true;
    await rig.multi.add(definition('events'));
    expect(rig.seen('subscribed')).toEqual([
      'orders: subscribed core.a',
      'orders: subscribed core.a',
      'events: subscribed stored',
    ]);
  });

  it('whose handlers cannot begin leaves none behind that would go on to publish by it', async () => {
    const failing = open();
    let well = false;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [
        { ...bridge, source: 'core.a', call: ({ message }) => ({ of: message.payload }) },
        { broker: 'events', source: 'stored' },
      ],
      options,
      prepare: ({ name, gates }) => {
        if (name === 'events' && !well)
          gates.subscribe = () => failing.promise.then(() => Promise.reject(new Error('no stream')));
      },
    });
    await rig.multi.start();
    const added = errorOf(rig.multi.add(definition('events')));
    await turns();
    // From here on the handler's route knows this broker, which is about to be taken back.
    const [early] = rig.deliverToAll('orders', 'core.a', ...messages('a'));
    await turns();
    expect([early!.fates, rig.driver('events').written]).toEqual([['a ack'], ['{"of":"a"}']]);
    failing.resolve();
    expect((await added).message).toContain('no stream');
    well = true;
    await rig.multi.add(definition('events'));
    const lanes = rig.deliverToAll('orders', 'core.a', ...messages('b'));
    await turns();
    expect(lanes.map(({ fates }) => fates)).toEqual([['b ack']]);
    expect(rig.driver('events').written).toEqual(['{"of":"b"}']);
  });

  it('begins a handler between two late brokers once, when both are there', async () => {
    const between = { ...bridge, broker: 'late' };
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [between], options });
    await rig.multi.start();
    await Promise.all([rig.multi.add(definition('late')), rig.multi.add(definition('events'))]);
    await turns();
    expect(rig.seen('subscribed')).toEqual(['late: subscribed created']);
  });

  it('keeps a handler of its own that publishes to one that is not up yet', async () => {
    let up = false;
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [{ ...bridge, broker: 'late' }],
      options,
      prepare: ({ name, gates }) => {
        if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const started = rig.multi.start();
    await rig.advance(2_000);
    await started;
    await rig.multi.add(definition('late'));
    expect(rig.seen('subscribed')).toEqual([]);
    up = true;
    await rig.advance(10_000);
    expect(rig.seen('subscribed')).toEqual(['late: subscribed created']);
    await rig.multi.stop();
  });

  it('tells mistakes of the handlers that waited for it, before it dials', async () => {
    const wrong = { broker: 'events', source: 'b', options: { ack: 'never' as 'manual' } };
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [wrong], options });
    await rig.multi.start();
    expect(await stateOf(rig.multi.add(definition('events')))).toBe('MULTI_BROKER_WIRING');
    expect(rig.seen('events')).toEqual([]);
  });

  it('is stopped with the others, and starts with them again', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [bridge], options });
    await rig.multi.start();
    await rig.multi.add(definition('events'));
    await rig.multi.stop();
    expect(rig.seen('close').sort()).toEqual(['events: close', 'orders: close']);
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created', 'orders: subscribed created']);
  });
});

describe('a broker that is added during the start', () => {
  it.each([
    ['when one of the others is connected', 'slow', turns],
    ['and connects after it', 'events', () => {}],
  ])('%s has its handlers begun once, after the start', async (_, gated, until) => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders', 'slow'],
      handlers: [bridge],
      options,
      prepare: ({ name, gates }) => {
        if (name === gated) gates.connect = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    await until();
    const added = rig.multi.add(definition('events'));
    await turns();
    gate.resolve();
    await Promise.all([started, added]);
    await turns();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
  });

  it('that fails is listed for the next one', async () => {
    let well = false;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [bridge],
      options,
      prepare: ({ gates }) => {
        if (!well) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const started = rig.multi.start();
    const added = rig.multi.add(definition('events'));
    expect([await stateOf(started), await stateOf(added)]).toEqual(['MULTI_BROKER_START_FAILED', 'done']);
    well = true;
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
  });

  it('that a stop ends is refused, and not there', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders'],
      options,
      prepare: ({ gates }) => {
        gates.connect = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    const added = rig.multi.add(definition('events'));
    const stop = rig.multi.stop();
    gate.resolve();
    expect([await stateOf(started), await stateOf(added)]).toEqual([
      'MULTI_BROKER_START_FAILED',
      'MULTI_BROKER_STOPPED',
    ]);
    await stop;
    expect([rig.multi.brokers.length, rig.made('events')]).toEqual([1, 0]);
  });
});

it('a handler whose target comes up while others of its late broker begin is not forgotten', async () => {
  let up = false;
  const subscribing = open();
  const rig = new LifecycleRig({
    brokers: ['orders', definition('events', { critical: false })],
    handlers: [
      { broker: 'late', source: 'slow' },
      { ...bridge, broker: 'late' },
    ],
    options,
    prepare: ({ name, gates }) => {
      if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
      if (name === 'late')
        gates.subscribe = ([source]) => (source!.address === 'slow' ? subscribing.promise : Promise.resolve());
    },
  });
  const started = rig.multi.start();
  await rig.advance(2_000);
  await started;
  const added = rig.multi.add(definition('late'));
  await turns();
  up = true;
  await rig.advance(10_000);
  expect(rig.multi.get('events').health().status).toBe('up');
  subscribing.resolve();
  await added;
  await turns();
  expect(rig.seen('subscribed')).toEqual(['late: subscribed slow', 'late: subscribed created']);
});

it('a broker that is being added when the brokers are stopped is closed, and its handlers do not begin', async () => {
  const connecting = open();
  const rig = new LifecycleRig({
    brokers: ['orders'],
    handlers: [{ broker: 'events', source: 'stored' }],
    options,
    prepare: ({ name, gates }) => {
      if (name === 'events') gates.connect = () => connecting.promise;
    },
  });
  await rig.multi.start();
  const added = rig.multi.add(definition('events'));
  const state = stateOf(added);
  await turns();
  await rig.multi.drain();
  connecting.resolve();
  expect([await state, await stateOf(added)]).toEqual(['open', 'MULTI_BROKER_STOPPED']);
  expect(rig.seen('events')).toEqual(['events: connect', 'events: connected', 'events: close']);
});

it('nothing is added while the brokers are being stopped', async () => {
  const rig = new LifecycleRig({ brokers: ['orders'], options });
  await rig.multi.start();
  await rig.multi.drain();
  expect(await stateOf(rig.multi.add(definition('events')))).toBe('MULTI_BROKER_STOPPED');
});

it('without allowLateBrokers a handler whose broker is unknown is a mistake', async () => {
  const rig = new LifecycleRig({ brokers: ['orders'], handlers: [bridge] });
  expect(await stateOf(rig.multi.start())).toBe('MULTI_BROKER_WIRING');
});
