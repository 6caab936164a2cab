import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { BrokerStartError, WiringError } from '../../lib/errors/index.js';
import { open } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { definition, errorOf, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const down = (): Promise<never> => Promise.reject(new Error('no route to host'));

describe('a start', () => {
  it('connects all brokers in parallel', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      prepare: ({ gates }) => {
        gates.connect = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    await turns();
    expect(rig.events).toEqual(['orders: connect', 'events: connect']);
    gate.resolve();
    await started;
    expect(rig.multi.health().status).toBe('up');
  });

  it('goes through its phases over all brokers: connect, what keeps nothing, then what is durable', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      handlers: [
        { broker: 'orders', source: 'created' },
        { broker: 'orders', source: 'core.a' },
        { broker: 'events', source: 'stored' },
        { broker: 'events', source: 'core.b' },
      ],
      prepare: ({ gates }) => {
        gates.subscribe = () => turns(2);
      },
    });
    await rig.multi.start();
    expect(rig.events).toEqual([
      'orders: connect',
      'events: connect',
      'orders: connected',
      'events: connected',
      'orders: subscribe core.a',
      'events: subscribe core.b',
      'orders: subscribed core.a',
      'events: subscribed core.b',
      'orders: subscribe created',
      'events: subscribe stored',
      'orders: subscribed created',
      'events: subscribed stored',
    ]);
  });

  it('calls no handler before every source reads: what it publishes may be for one that is to begin', async () => {
    const gate = open();
    const called: string[] = [];
    const handlers = ['core.a', 'created'].map((source) => {
      return { broker: 'orders', source, call: () => void called.push(source) };
    });
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      handlers: [...handlers, { broker: 'events', source: 'stored' }],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.subscribe = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    await turns();
    rig.deliver('orders', 'created', ...messages('1'));
    rig.deliver('orders', 'core.a', ...messages('2'));
    await turns();
    expect(called).toEqual([]);
    gate.resolve();
    await started;
    await turns();
    expect(called.toSorted()).toEqual(['core.a', 'created']);
  });

  it('calls no handler of a broker that may come later before every source reads, where that is up', async () => {
    const gate = open();
    const called: string[] = [];
    const rig = new LifecycleRig({
      brokers: [definition('optional', { critical: false }), 'events'],
      handlers: [
        { broker: 'optional', source: 'created', call: () => void called.push('created') },
        { broker: 'events', source: 'stored' },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.subscribe = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    await turns(20);
    rig.deliver('optional', 'created', ...messages('1'));
    await turns();
    expect(called).toEqual([]);
    gate.resolve();
    await started;
    await turns();
    expect(called).toEqual(['created']);
  });

  it('that fails while messages wait for it calls no handler of a source that keeps them', async () => {
    const called: string[] = [];
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      handlers: [
        { broker: 'orders', source: 'created', call: () => void called.push('created') },
        { broker: 'events', source: 'stored' },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.subscribe = () => turns().then(down);
      },
    });
    const started = errorOf(rig.multi.start());
    await turns(2);
    const lane = rig.deliver('orders', 'created', ...messages('1'));
    expect(await started).toBeInstanceOf(BrokerStartError);
    expect({ called, settled: lane.settled }).toEqual({ called: [], settled: [] });
  });

  it('asks a driver for all sources of a phase at once, and not at all for none', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      handlers: [
        { broker: 'orders', source: 'a' },
        { broker: 'orders', source: 'b' },
      ],
    });
    await rig.multi.start();
    expect(rig.seen('subscribe ')).toEqual(['orders: subscribe a+b']);
  });

  it('is done once, however often it is asked for', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await Promise.all([rig.multi.start(), rig.multi.start()]);
    await rig.multi.start();
    expect(rig.seen(': connect')).toHaveLength(2);
  });

  it('says what it started, and leaves no timer behind', async () => {
    const rig = new LifecycleRig({ brokers: ['orders', 'events'] });
    await rig.multi.start();
    expect(rig.log.lines).toContain("info Started: 'orders', 'events'");
    expect(rig.clock.pending()).toEqual([]);
  });

  it('leaves no listener behind', async () => {
    let signal: AbortSignal | undefined;
    const rig = new LifecycleRig({
      brokers: ['orders', definition('events', { critical: false })],
      handlers: [
        { broker: 'orders', source: 'created' },
        { broker: 'events', source: 'stored' },
      ],
      prepare: ({ name, gates }) => {
        gates.connect = async (given) => {
          if (name === 'orders') signal = given;
          await turns(1);
        };
      },
    });
    await rig.multi.start();
    expect(signal && getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('hands the module’s choice of twins to the drivers', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], options: { inMemory: true } });
    await rig.multi.start();
    expect(rig.inMemory).toEqual([true]);
  });
});

describe('a start that fails', () => {
  it('closes what was connected and names each broker that failed, and why', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', 'events', 'logs'],
      prepare: ({ name, gates }) => {
        if (name !== 'orders') gates.connect = down;
      },
    });
    const error = (await errorOf(rig.multi.start())) as BrokerStartError;
    expect(error).toBeInstanceOf(BrokerStartError);
    expect(error.failures.map(({ broker }) => broker)).toEqual(['events', 'logs']);
    expect(error.message).toMatch(/'events' \(fake\) could not connect: no route to host/);
    expect(rig.seen(': close')).toEqual(['orders: close']);
    expect([rig.clock.pending(), rig.multi.health().status]).toEqual([[], 'down']);
  });

  it('leaves what it had begun to read', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      handlers: [
        { broker: 'orders', source: 'core.a' },
        { broker: 'events', source: 'core.b' },
        { broker: 'orders', source: 'stored' },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.subscribe = () => Promise.reject(new Error('no such subject'));
      },
    });
    const error = (await errorOf(rig.multi.start())) as BrokerStartError;
    expect(error.failures.map(({ broker }) => broker)).toEqual(['events']);
    expect(rig.seen('orders:')).toEqual([
      'orders: connect',
      'orders: connected',
      'orders: subscribe core.a',
      'orders: subscribed core.a',
      'orders: quiet core.a',
      'orders: flush core.a',
      'orders: leave core.a',
      'orders: close',
    ]);
  });

  it('may be tried again', async () => {
    let well = false;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [{ broker: 'orders', source: 'created' }],
      prepare: ({ gates }) => {
        if (!well) gates.connect = down;
      },
    });
    expect(await stateOf(rig.multi.start())).toBe('MULTI_BROKER_START_FAILED');
    well = true;
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
  });

  it('by its time names the broker that did not answer; one that answers too late is closed', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      options: { startTimeoutMs: 5_000 },
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.connect = () => gate.promise;
      },
    });
    const started = rig.multi.start();
    await rig.advance(4_999);
    expect(await stateOf(started)).toBe('open');
    const failed = errorOf(started);
    await rig.advance(1);
    await rig.advance(1_500);
    const error = (await failed) as BrokerStartError;
    expect(error.failures.map(({ broker, error: why }) => [broker, (why as { code?: string }).code])).toEqual([
      ['events', 'MULTI_BROKER_START_TIMEOUT'],
    ]);
    gate.resolve();
    await turns();
    expect(rig.seen(': close')).toEqual(['orders: close', 'events: close']);
    expect(rig.clock.pending()).toEqual([]);
  });

  it('is not disturbed, tried again, by a driver that connects too late', async () => {
    const gates = [open(), open()];
    const rig = new LifecycleRig({
      brokers: ['orders'],
      options: { startTimeoutMs: 5_000, shutdownTimeoutMs: 1_000 },
      prepare: (driver) => {
        const gate = gates[rig.made('orders')];
        driver.gates.connect = () => gate?.promise ?? Promise.resolve();
      },
    });
    const failed = errorOf(rig.multi.start());
    await rig.advance(6_000);
    expect((await failed).message).toContain('Not started within 5000 ms');
    const again = rig.multi.start();
    await turns();
    expect(rig.made('orders')).toBe(2);
    gates[0]?.resolve();
    await turns();
    const published = rig.multi.get('orders').publish('q', 'x');
    await turns();
    gates[1]?.resolve();
    await Promise.all([again, published]);
    expect(rig.made('orders')).toBe(2);
    expect(rig.seen(': close')).toEqual(['orders: close']);
    expect(rig.driver('orders').written).toEqual(['x']);
  });

  it('by its time does not wait for a driver that will not subscribe; what it opens too late is left', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [{ broker: 'orders', source: 'created' }],
      options: { startTimeoutMs: 5_000 },
      prepare: ({ gates }) => {
        gates.subscribe = () => gate.promise;
      },
    });
    const failed = errorOf(rig.multi.start());
    await turns();
    await rig.advance(5_000);
    expect((await failed).message).toContain('Not started within 5000 ms');
    gate.resolve();
    await turns();
    expect(rig.seen('leave')).toEqual(['orders: leave created']);
  });

  it('tells the driver by its signal that it need not go on', async () => {
    let seen: AbortSignal | undefined;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      options: { startTimeoutMs: 5_000 },
      prepare: ({ gates }) => {
        gates.connect = (signal) => {
          seen = signal;
          return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))));
        };
      },
    });
    const failed = errorOf(rig.multi.start());
    await turns();
    await rig.advance(5_000);
    await failed;
    expect(seen?.aborted).toBe(true);
  });
});

describe('wiring mistakes', () => {
  it('are told together before anything is dialled', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', definition('orders')],
      handlers: [{ handler: 'Shop.on', broker: 'oders', source: 'created' }],
      options: { default: 'evnts' },
    });
    const error = (await errorOf(rig.multi.start())) as WiringError;
    expect(error).toBeInstanceOf(WiringError);
    expect(error.problems.map(({ code }) => code)).toEqual([
      'MULTI_BROKER_DUPLICATE_BROKER',
      'MULTI_BROKER_UNKNOWN_BROKER',
      'MULTI_BROKER_UNKNOWN_BROKER',
    ]);
    expect(error.message).toContain('Shop.on');
    expect([rig.events, rig.clock.pending()]).toEqual([[], []]);
  });

  it('are told by check() alone, without a start', () => {
    const rig = new LifecycleRig({ handlers: [{ broker: 'orders' }] });
    expect(() => rig.multi.check()).toThrow(WiringError);
  });

  it('keep a publish before the start from dialling', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [{ broker: 'oders', source: 'created' }] });
    const error = await errorOf(rig.multi.get('orders').publish('q', 'x'));
    expect([error.name, rig.events]).toEqual(['WiringError', []]);
  });
});

describe('a publish before the start', () => {
  it('connects its broker, and no other', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      handlers: [{ broker: 'orders', source: 'created' }],
    });
    await rig.multi.get('orders').publish('q', 'x');
    expect(rig.events).toEqual(['orders: connect', 'orders: connected']);
    expect(rig.clock.pending()).toEqual([]);
    await rig.multi.start();
    expect([rig.made('orders'), rig.seen('subscribed')]).toEqual([1, ['orders: subscribed created']]);
  });

  it('shares the connection that another one, or the start, is making', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders'],
      prepare: ({ gates }) => {
        gates.connect = () => gate.promise;
      },
    });
    const broker = rig.multi.get('orders');
    const all = Promise.all([broker.publish('q', 'x'), broker.publish('q', 'y'), rig.multi.start()]);
    await turns();
    gate.resolve();
    await all;
    expect([rig.made('orders'), rig.driver('orders').written]).toEqual([1, ['x', 'y']]);
  });

  it('rejects when it cannot connect, and the next one tries again', async () => {
    let well = false;
    const rig = new LifecycleRig({
      brokers: ['orders'],
      prepare: ({ gates }) => {
        if (!well) gates.connect = down;
      },
    });
    expect(await stateOf(rig.multi.get('orders').publish('q', 'x'))).toBe('MULTI_BROKER_CONNECT_FAILED');
    well = true;
    expect(await stateOf(rig.multi.get('orders').publish('q', 'x'))).toBe('done');
  });

  it('is bounded as a start is', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders'],
      options: { startTimeoutMs: 5_000 },
      prepare: ({ gates }) => {
        gates.connect = () => new Promise(() => {});
      },
    });
    const published = rig.multi.get('orders').publish('q', 'x');
    await rig.advance(4_999);
    expect(await stateOf(published)).toBe('open');
    await rig.advance(1);
    expect(await stateOf(published)).toBe('MULTI_BROKER_START_TIMEOUT');
    expect(rig.clock.pending()).toEqual([]);
  });
});
