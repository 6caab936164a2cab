import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open } from '../support/delivery-rig.js';
import { confirmed, type FakeDriver, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { definition, errorOf, LifecycleRig, type LifecycleOptions, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

/** Two brokers that read, started. */
async function started(options: LifecycleOptions = {}): Promise<LifecycleRig> {
  const rig = new LifecycleRig({
    brokers: ['orders', 'events'],
    handlers: [
      { handler: 'Orders.on', broker: 'orders', source: 'created' },
      { handler: 'Events.on', broker: 'events', source: 'stored' },
    ],
    ...options,
  });
  await rig.multi.start();
  rig.events.length = 0;
  return rig;
}

const oneHandler = (call: () => unknown, publishTo = false): LifecycleOptions => ({
  handlers: [
    {
      handler: 'Orders.on',
      broker: 'orders',
      source: 'created',
      publishTo: publishTo ? [{ broker: 'events', destination: 'q', options: {} }] : [],
      call,
    },
  ],
});

describe.each([
  ['orders', 'events'],
  ['events', 'orders'],
])('with %s before %s, a stop', (...brokers) => {
  it('goes through its phases over all brokers: quiet, drained, flushed, left, closed', async () => {
    const running = open();
    const rig = await started({
      brokers,
      ...oneHandler(() => running.promise.then(() => outgoing('x')), true),
    });
    const lane = rig.deliver('orders', 'created', ...messages('a', 'b'));
    await turns();
    rig.driver('events').hold = true;
    const stopped = rig.multi.stop();
    await turns();
    expect(rig.events).toEqual(['orders: quiet created']);
    running.resolve();
    await turns();
    expect([rig.driver('events').written, lane.fates, rig.events]).toEqual([['x'], [], ['orders: quiet created']]);
    rig.driver('events').writes[0]?.confirm();
    await stopped;
    expect(lane.fates).toEqual(['a ack']);
    expect(rig.events.filter((event) => event.startsWith('orders'))).toEqual([
      'orders: quiet created',
      'orders: flush created',
      'orders: leave created',
      'orders: close',
    ]);
    expect(rig.events).toContain('events: close');
    expect(rig.clock.pending()).toEqual([]);
  });

  it('quiets all before it flushes one, and flushes all before it leaves one', async () => {
    const rig = await started({
      brokers,
      prepare: ({ gates }) => {
        gates.quiet = () => turns(2);
        gates.flush = () => turns(2);
      },
    });
    await rig.multi.stop();
    expect(rig.events.map((event) => event.split(' ')[1])).toEqual([
      'quiet',
      'quiet',
      'flush',
      'flush',
      'leave',
      'leave',
      'close',
      'close',
    ]);
  });
});

describe('between drain() and disconnect()', () => {
  it('publishes still work', async () => {
    const rig = await started();
    await rig.multi.drain();
    expect(await stateOf(rig.multi.get('events').publish('q', 'x'))).toBe('done');
    expect(rig.seen('close')).toEqual([]);
    await rig.multi.disconnect();
    expect(rig.seen('close')).toHaveLength(2);
  });

  it('nothing begins to read, and nothing starts', async () => {
    const rig = await started();
    await rig.multi.drain();
    expect(await stateOf(rig.multi.get('events').subscribe('more', () => {}))).toBe('MULTI_BROKER_STOPPED');
    expect(await stateOf(rig.multi.start())).toBe('MULTI_BROKER_STOPPED');
    expect(rig.seen('subscribe')).toEqual([]);
  });

  it('a publish that is under way is confirmed before the connection ends', async () => {
    const rig = await started();
    await rig.multi.drain();
    const published = rig.multi.get('events').publish('q', 'x');
    await rig.multi.disconnect();
    expect(await stateOf(published)).toBe('done');
  });
});

describe('a publish by hand', () => {
  it('that is under way is waited for', async () => {
    const rig = await started();
    const { orders, published } = underWay(rig);
    await turns();
    const stopped = rig.multi.stop();
    expect(await stateOf(stopped)).toBe('open');
    orders.writes[0]?.confirm();
    await stopped;
    expect(await stateOf(published)).toBe('done');
    expect(rig.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('that waits behind one that hangs is given up', async () => {
    const rig = await started({ options: { shutdownTimeoutMs: 10_000 } });
    await rig.multi.drain();
    underWay(rig);
    await turns();
    const behind = stateWhenOver(rig.multi.get('orders').publish('q', 'y'));
    const stopped = rig.multi.stop();
    await rig.advance(500);
    expect(await stateOf(stopped)).toBe('done');
    expect(await behind).toBe('MULTI_BROKER_STOPPED');
  });

  function underWay(rig: LifecycleRig): { orders: FakeDriver; published: Promise<unknown> } {
    const orders = rig.driver('orders');
    orders.hold = true;
    return { orders, published: rig.multi.get('orders').publish('q', 'x') };
  }

  function stateWhenOver(promise: Promise<unknown>): Promise<string> {
    return promise.then(
      () => 'done',
      (error: unknown) => (error as { code: string }).code,
    );
  }
});

describe('after a stop', () => {
  it('a publish, a subscription and a request are refused, and nothing is dialled', async () => {
    const rig = await started();
    await rig.multi.stop();
    const broker = rig.multi.get('orders');
    expect(await stateOf(broker.publish('q', 'x'))).toBe('MULTI_BROKER_STOPPED');
    expect(await stateOf(broker.publishBatch('q', ['x']))).toBe('MULTI_BROKER_STOPPED');
    expect(await stateOf(broker.subscribe('q', () => {}))).toBe('MULTI_BROKER_STOPPED');
    expect(await stateOf(broker.request('q', 'x'))).toBe('MULTI_BROKER_STOPPED');
    expect([rig.made('orders'), rig.multi.health().status]).toEqual([1, 'down']);
  });

  it('another stop does nothing', async () => {
    const rig = await started();
    await Promise.all([rig.multi.stop(), rig.multi.stop()]);
    await rig.multi.stop();
    expect(rig.seen('close')).toHaveLength(2);
    expect(rig.log.lines.filter((line) => line === 'info Stopped')).toHaveLength(1);
  });

  it('a start begins anew, with new drivers', async () => {
    const rig = await started();
    await rig.multi.stop();
    await rig.multi.start();
    expect([rig.made('orders'), rig.made('events')]).toEqual([2, 2]);
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created', 'events: subscribed stored']);
    await rig.multi.get('orders').publish('q', 'x');
    await rig.multi.stop();
    expect(rig.seen('close')).toHaveLength(4);
  });

  it('what was subscribed by hand is gone: it may be subscribed again', async () => {
    const rig = await started();
    await rig.multi.get('orders').subscribe('more', () => {});
    await rig.multi.stop();
    await rig.multi.start();
    expect(await stateOf(rig.multi.get('orders').subscribe('more', () => {}))).toBe('done');
  });

  it('results are tried again, once it is started again', async () => {
    const rig = await started(oneHandler(() => outgoing('x'), true));
    await rig.multi.stop();
    await rig.multi.start();
    rig.driver('events').outcome = () => refused(true);
    const lane = rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    rig.driver('events').outcome = () => confirmed;
    await rig.advance(50);
    expect(lane.fates).toEqual(['a ack']);
  });

  it('no timer is left, whatever was going on', async () => {
    const rig = await started(
      oneHandler(() => {
        throw new Error('no');
      }),
    );
    rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    expect(rig.clock.pending()).toHaveLength(1);
    await rig.multi.stop();
    expect(rig.clock.pending()).toEqual([]);
  });
});

describe('a second stop that comes while the first one disconnects', () => {
  it('ends with it, not before', async () => {
    const gate = open();
    const rig = await started({
      prepare: ({ gates }) => {
        gates.close = () => gate.promise;
      },
    });
    const first = rig.multi.stop();
    await turns();
    const second = rig.multi.stop();
    expect(await stateOf(second)).toBe('open');
    gate.resolve();
    await Promise.all([first, second]);
  });
});

describe('a broker that fails to stop', () => {
  it.each(['quiet', 'flush', 'leave', 'close'] as const)(
    '(%s) does not keep the others from stopping',
    async (step) => {
      const rig = await started({
        prepare: ({ name, gates }) => {
          if (name === 'orders') gates[step] = () => Promise.reject(new Error('socket gone'));
        },
      });
      await rig.multi.stop();
      expect(rig.seen('close').sort()).toEqual(['events: close', 'orders: close']);
      expect(rig.seen('leave').sort()).toEqual(['events: leave stored', 'orders: leave created']);
      expect(rig.log.lines.join('\n')).toMatch(/'orders'.*(failed to stop|not closed) cleanly/);
    },
  );

  it.each(['quiet', 'flush', 'leave', 'close'] as const)(
    '(%s hangs) ends within the budget, and all connections with it',
    async (step) => {
      const rig = await started({
        options: { shutdownTimeoutMs: 10_000 },
        prepare: ({ name, gates }) => {
          if (name === 'orders') gates[step] = () => new Promise(() => {});
        },
      });
      const stopped = rig.multi.stop();
      await rig.advance(10_000);
      expect(await stateOf(stopped)).toBe('done');
      expect(rig.seen(': close').sort()).toEqual(['events: close', 'orders: close']);
      expect(rig.clock.pending()).toEqual([]);
    },
  );
});

describe('what does not end in time', () => {
  it('is abandoned, named and not settled; the rest of the budget is for what was settled', async () => {
    const running = open();
    const rig = await started({ options: { shutdownTimeoutMs: 10_000 }, ...oneHandler(() => running.promise) });
    const lane = rig.deliver('orders', 'created', ...messages('a', 'b'));
    await turns();
    const stopped = rig.multi.stop();
    await rig.advance(6_999);
    expect([await stateOf(stopped), rig.log.lines.some((line) => line.startsWith('error'))]).toEqual(['open', false]);
    await rig.advance(1);
    expect(await stateOf(stopped)).toBe('done');
    expect(rig.log.lines).toContainEqual(expect.stringMatching(/^error .*Abandoned: Orders\.on \(a\)/));
    expect(rig.seen('flush', 'leave', 'close')).toHaveLength(4);
    running.resolve();
    await turns();
    expect([lane.fates, rig.clock.pending()]).toEqual([[], []]);
  });

  it('of publishes is named too, and not tried again', async () => {
    const rig = await started({ options: { shutdownTimeoutMs: 10_000 }, ...oneHandler(() => outgoing('x'), true) });
    rig.driver('events').outcome = () => refused(true);
    const lane = rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    const stopped = rig.multi.stop();
    await rig.advance(7_000);
    expect(await stateOf(stopped)).toBe('done');
    expect(rig.log.lines).toContainEqual(expect.stringContaining("1 publish(es) to 'events'"));
    expect([lane.fates, rig.clock.pending()]).toEqual([[], []]);
  });

  it('a handler that ends after the stop publishes nothing and leaves no timer', async () => {
    const running = open();
    const rig = await started({ ...oneHandler(() => running.promise.then(() => outgoing('x')), true) });
    rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    const stopped = rig.multi.stop();
    await rig.advance(10_000);
    await stopped;
    const written = rig.driver('events').written.length;
    running.resolve();
    await turns();
    expect([rig.driver('events').written.length, rig.clock.pending()]).toEqual([written, []]);
  });
});

describe('a stop during the start', () => {
  it('ends it: what connects is closed, and start() rejects', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders', 'events'],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.connect = () => gate.promise;
      },
    });
    const start = rig.multi.start();
    await turns();
    const stop = rig.multi.stop();
    expect(await stateOf(start)).toBe('open');
    gate.resolve();
    expect(await stateOf(start)).toBe('MULTI_BROKER_START_FAILED');
    await stop;
    expect(rig.seen(': close').sort()).toEqual(['events: close', 'orders: close']);
    expect(rig.clock.pending()).toEqual([]);
  });

  it('ends also who tries it again as soon as it has failed', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders'],
      prepare: ({ gates }) => {
        if (rig.made('orders') > 0) return;
        gates.connect = (signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('cut off')));
          });
      },
    });
    const again = rig.multi.start().catch(() => rig.multi.start());
    await turns();
    const stop = rig.multi.stop();
    expect(await stateOf(again)).toBe('MULTI_BROKER_STOPPED');
    await stop;
    expect([rig.made('orders'), rig.clock.pending()]).toEqual([1, []]);
  });

  it('ends the grace of a broker that may come later', async () => {
    const rig = new LifecycleRig({
      brokers: [definition('events', { critical: false })],
      prepare: ({ gates }) => {
        gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const start = errorOf(rig.multi.start());
    await turns();
    await rig.multi.stop();
    expect((await start).message).toContain('stopped');
    expect(rig.clock.pending()).toEqual([]);
  });

  it('ends what subscribes', async () => {
    const gate = open();
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [{ broker: 'orders', source: 'created' }],
      prepare: ({ gates }) => {
        gates.subscribe = () => gate.promise;
      },
    });
    const start = rig.multi.start();
    const state = stateOf(start);
    await turns();
    await rig.multi.stop();
    expect(await state).not.toBe('done');
    gate.resolve();
    await turns();
    expect(rig.seen('leave', ': close')).toEqual(expect.arrayContaining(['orders: leave created', 'orders: close']));
  });
});

describe('a stop without a start', () => {
  it('closes what was connected on demand', async () => {
    const rig = new LifecycleRig({ brokers: ['orders', 'events'] });
    await rig.multi.get('orders').publish('q', 'x');
    await rig.multi.stop();
    expect(rig.seen(': close')).toEqual(['orders: close']);
  });

  it('ends what is being connected on demand', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders'],
      prepare: ({ gates }) => {
        gates.connect = (signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))));
      },
    });
    const published = rig.multi.get('orders').publish('q', 'x');
    const state = stateOf(published);
    await turns();
    await rig.multi.stop();
    await turns();
    expect([await state, await stateOf(published)]).toEqual(['open', 'MULTI_BROKER_STOPPED']);
    expect(rig.clock.pending()).toEqual([]);
  });
});

it('a handler that stops all brokers ends the stop by its budget, not never', async () => {
  const multi: { stop?: () => Promise<void> } = {};
  const rig = await started({ options: { shutdownTimeoutMs: 10_000 }, ...oneHandler(() => multi.stop?.()) });
  multi.stop = () => rig.multi.stop();
  rig.deliver('orders', 'created', ...messages('a'));
  await rig.advance(10_000);
  expect(rig.seen('close').sort()).toEqual(['events: close', 'orders: close']);
});
