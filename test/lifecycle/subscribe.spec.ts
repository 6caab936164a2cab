import { describe, expect, it } from '@jest/globals';
import type { MessageContext, Subscription } from '../../lib/driver/index.js';
import { open } from '../support/delivery-rig.js';
import { FakeLane, FakeMessage, messages } from '../support/fake-lane.js';
import { definition, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

async function up(): Promise<LifecycleRig> {
  const rig = new LifecycleRig({
    brokers: ['orders'],
    handlers: [{ handler: 'Orders.on', broker: 'orders', source: 'created' }],
    options: { shutdownTimeoutMs: 10_000 },
  });
  await rig.multi.start();
  rig.events.length = 0;
  return rig;
}

describe('subscribe()', () => {
  it('resolves when the source reads, and delivers as to decorated handlers', async () => {
    const rig = await up();
    const seen: unknown[] = [];
    let failures = 1;
    await rig.multi.get('orders').subscribe('more', (payload, context: MessageContext) => {
      seen.push([payload, context.message.attempt, context.broker.name]);
      if (failures-- > 0) throw new Error('no');
    });
    expect(rig.events).toEqual(['orders: subscribe more', 'orders: subscribed more']);
    const lane = rig.deliver('orders', 'more', new FakeMessage({ body: '{"a":1}', position: '1' }));
    await rig.advance(100);
    expect(seen).toEqual([
      [{ a: 1 }, 1, 'orders'],
      [{ a: 1 }, 2, 'orders'],
    ]);
    expect(lane.fates).toEqual(['1 ack']);
  });

  it('refuses a source that another one has begun to read while both waited for the connection', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    const broker = rig.multi.get('orders');
    const first = broker.subscribe('more', () => {});
    const second = broker.subscribe('more', () => {});
    expect([await stateOf(first), await stateOf(second)]).toEqual(['done', 'MULTI_BROKER_SOURCE_CLASH']);
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed more']);
  });

  it('refuses before the start what a handler is to read after it', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [{ broker: 'orders', source: 'created' }] });
    expect(await stateOf(rig.multi.get('orders').subscribe('created', () => {}))).toBe('MULTI_BROKER_SOURCE_CLASH');
    await rig.multi.start();
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
  });

  it.each([
    ['a late broker', []],
    ['a late broker that could not be added before', ['late']],
  ])('refuses what a handler is to read once %s is there', async (_, failing) => {
    const publishTo = [{ broker: 'late', destination: 'q', options: {} }];
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [{ broker: 'orders', source: 'created', publishTo }],
      options: { allowLateBrokers: true },
      prepare: ({ name, gates }) => {
        if (name === 'late') gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    await rig.multi.start();
    for (const name of failing) expect(await stateOf(rig.multi.add(definition(name)))).not.toBe('done');
    expect(await stateOf(rig.multi.get('orders').subscribe('created', () => {}))).toBe('MULTI_BROKER_SOURCE_CLASH');
    expect(rig.seen('subscribed')).toEqual([]);
  });

  it('connects its broker on demand', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.get('orders').subscribe('more', () => {});
    expect(rig.events).toEqual([
      'orders: connect',
      'orders: connected',
      'orders: subscribe more',
      'orders: subscribed more',
    ]);
    await rig.multi.stop();
    expect(rig.seen('leave')).toEqual(['orders: leave more']);
  });

  it('refuses wrong options and a source that another handler reads', async () => {
    const rig = await up();
    const broker = rig.multi.get('orders');
    const options = { ack: 'later' as 'manual' };
    expect(await stateOf(broker.subscribe('more', () => {}, options))).toBe('MULTI_BROKER_OPTION_INVALID');
    expect(await stateOf(broker.subscribe('created', () => {}))).toBe('MULTI_BROKER_SOURCE_CLASH');
    expect(rig.events).toEqual([]);
  });

  it('rejects as the driver does, and leaves nothing behind', async () => {
    const rig = await up();
    rig.driver('orders').gates.subscribe = () => Promise.reject(new Error('no such queue'));
    expect(await stateOf(rig.multi.get('orders').subscribe('more', () => {}))).toContain('no such queue');
    delete rig.driver('orders').gates.subscribe;
    expect(await stateOf(rig.multi.get('orders').subscribe('more', () => {}))).toBe('done');
    await rig.multi.stop();
    expect(rig.seen('leave')).toHaveLength(2);
  });

  it('that fails settles nothing of what came meanwhile, and begins no further handler', async () => {
    const rig = await up();
    const running = open();
    const seen: unknown[] = [];
    let lane: FakeLane | undefined;
    rig.driver('orders').gates.subscribe = async ([source], _signal, sink) => {
      lane = new FakeLane({ ...(source && { source }) });
      sink.opened(lane);
      void sink.take(lane, messages('a', 'b'));
      await turns();
      throw new Error('the second queue is missing');
    };
    const subscribed = rig.multi.get('orders').subscribe('more', (payload) => {
      seen.push(payload);
      return running.promise;
    });
    await turns(20);
    expect(await stateOf(subscribed)).toContain('missing');
    running.resolve();
    await turns();
    expect([seen, lane?.fates]).toEqual([['a'], []]);
  });

  it('is bounded as a start is; what the driver opens too late is left', async () => {
    const gate = open();
    const rig = await up();
    rig.driver('orders').gates.subscribe = () => gate.promise;
    const subscribed = rig.multi.get('orders').subscribe('more', () => {});
    await rig.advance(30_000);
    expect(await stateOf(subscribed)).toBe('MULTI_BROKER_START_TIMEOUT');
    gate.resolve();
    await turns();
    expect(rig.seen('leave')).toEqual(['orders: leave more']);
  });

  it('that is under way when the brokers are stopped is ended by the stop', async () => {
    const gate = open();
    const rig = await up();
    rig.driver('orders').gates.subscribe = () => gate.promise;
    const subscribed = rig.multi.get('orders').subscribe('more', () => {});
    const state = stateOf(subscribed);
    await turns();
    await rig.multi.drain();
    expect([await state, await stateOf(subscribed)]).toEqual(['open', 'MULTI_BROKER_STOPPED']);
    await rig.multi.stop();
    gate.resolve();
    await turns();
    expect(rig.seen('leave more')).toEqual(['orders: leave more']);
  });
});

describe('a subscription', () => {
  it('that is stopped takes nothing more, waits for what runs, and leaves', async () => {
    const rig = await up();
    const running = open();
    const subscription = await rig.multi.get('orders').subscribe('more', () => running.promise);
    const lane = rig.deliver('orders', 'more', ...messages('a', 'b'));
    await turns();
    const stopped = subscription.stop();
    expect([await stateOf(stopped), rig.seen('quiet', 'leave')]).toEqual(['open', ['orders: quiet more']]);
    running.resolve();
    await stopped;
    expect(lane.fates).toEqual(['a ack']);
    expect(rig.seen('quiet', 'flush', 'leave')).toEqual([
      'orders: quiet more',
      'orders: flush more',
      'orders: leave more',
    ]);
    expect(rig.multi.get('orders').health().status).toBe('up');
  });

  it('is stopped once, whoever asks, and however often', async () => {
    const rig = await up();
    const subscription = await rig.multi.get('orders').subscribe('more', () => {});
    await Promise.all([subscription.stop(), subscription.stop(), rig.multi.stop()]);
    await subscription.stop();
    expect(rig.seen('more').filter((event) => !event.includes('subscribe'))).toEqual([
      'orders: quiet more',
      'orders: flush more',
      'orders: leave more',
    ]);
  });

  it('whose handler stops it is stopped by its budget, not never', async () => {
    const rig = await up();
    const subscription: Subscription = await rig.multi
      .get('orders')
      .subscribe('more', (): Promise<void> => subscription.stop());
    rig.deliver('orders', 'more', ...messages('a'));
    await rig.advance(10_000);
    expect(rig.seen('leave')).toEqual(['orders: leave more']);
    expect(rig.log.lines).toContainEqual(expect.stringContaining('Abandoned: subscribe() (a)'));
  });

  it('that is paused begins no handler until it is resumed', async () => {
    const rig = await up();
    const seen: unknown[] = [];
    const subscription = await rig.multi.get('orders').subscribe('more', (payload) => void seen.push(payload));
    subscription.pause();
    const lane = rig.deliver('orders', 'more', ...messages('a'));
    await turns();
    expect([seen, lane.fates]).toEqual([[], []]);
    subscription.resume();
    await turns();
    expect([seen, lane.fates]).toEqual([['a'], ['a ack']]);
  });

  it('frees its source when it is stopped', async () => {
    const rig = await up();
    const broker = rig.multi.get('orders');
    const subscription = await broker.subscribe('more', () => {});
    expect(await stateOf(broker.subscribe('more', () => {}))).toBe('MULTI_BROKER_SOURCE_CLASH');
    await subscription.stop();
    expect(await stateOf(broker.subscribe('more', () => {}))).toBe('done');
  });

  it('is called by the name of its function', async () => {
    const rig = await up();
    await rig.multi.get('orders').subscribe('more', function audit() {
      throw Object.assign(new Error('no'), { retryable: false });
    });
    rig.deliver('orders', 'more', ...messages('a'));
    await turns();
    expect(rig.log.lines.join()).toContain('audit on more');
  });
});
