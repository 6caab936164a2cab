import { describe, expect, it } from '@jest/globals';
import { messages } from '../support/fake-lane.js';
import { definition, LifecycleRig } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const failing = {
  handler: 'Orders.on',
  broker: 'orders',
  source: 'created',
  options: { retry: { attempts: 1 } },
  call: () => {
    throw new Error('broken');
  },
};

describe('a broker is', () => {
  it('down before it is connected', () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    expect(rig.multi.get('orders').health()).toEqual({
      name: 'orders',
      kind: 'fake',
      status: 'down',
      reasons: ['not connected'],
      notes: [],
      counts: {
        running: 0,
        unsettled: 0,
        handled: 0,
        failed: 0,
        rejected: 0,
        deadLettered: 0,
        dropped: 0,
        unpublished: 0,
        unmatched: 0,
      },
    });
  });

  it('down with the reason where it did not connect', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders'],
      prepare: ({ gates }) => {
        gates.connect = () => Promise.reject(new Error('no route'));
      },
    });
    await rig.multi.start().catch(() => {});
    expect(rig.multi.get('orders').health()).toMatchObject({
      status: 'down',
      reasons: [expect.stringContaining('no route')],
    });
  });

  it('up when it is connected', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.start();
    expect(rig.multi.get('orders').health()).toMatchObject({ status: 'up', reasons: [] });
  });

  it('down while it reconnects and when it is lost, up again after', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.start();
    const { io } = rig.driver('orders');
    const health = () => rig.multi.get('orders').health();
    io?.state('reconnecting', new Error('ECONNRESET'));
    expect(health()).toMatchObject({ status: 'down', reasons: ['reconnecting: ECONNRESET'] });
    io?.state('up');
    expect(health()).toMatchObject({ status: 'up', reasons: [] });
    io?.state('lost', new Error('authorization'));
    expect(health()).toMatchObject({ status: 'down', reasons: ['lost: authorization'] });
    expect(rig.log.lines).toEqual([
      "info Broker 'orders' is connected",
      "info Started: 'orders'",
      "warn Broker 'orders' lost its connection, reconnecting: ECONNRESET",
      "info Broker 'orders' is reconnected",
      "error Broker 'orders' is disconnected for good: authorization",
    ]);
  });

  it('what its newest driver says: an old one is not heard', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.start();
    const old = rig.driver('orders').io;
    await rig.multi.stop();
    await rig.multi.start();
    old?.state('lost', new Error('late'));
    expect(rig.multi.get('orders').health().status).toBe('up');
  });

  it('degraded while its driver reports a health issue', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.start();
    rig.driver('orders').sick = ['consumer is rebuilt'];
    expect(rig.multi.get('orders').health()).toMatchObject({ status: 'degraded', reasons: ['consumer is rebuilt'] });
  });

  it('degraded while a message holds its lane, with counts', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'], handlers: [failing] });
    await rig.multi.start();
    rig.deliver('orders', 'created', ...messages('a', 'b'));
    await turns();
    expect(rig.multi.get('orders').health()).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('broken')],
      counts: { running: 0, unsettled: 2, failed: 1, handled: 0 },
    });
    expect(rig.multi.busy).toBe(true);
  });
});

describe('all brokers together are', () => {
  const two = (critical: boolean, events: 'up' | 'down' | 'sick'): LifecycleRig =>
    new LifecycleRig({
      brokers: ['orders', definition('events', { critical })],
      prepare: (driver) => {
        if (driver.name !== 'events') return;
        if (events === 'sick') driver.sick = ['ill'];
        if (events === 'down') driver.gates.connect = () => Promise.reject(new Error('no'));
      },
    });

  it('up when all are', async () => {
    const rig = two(true, 'up');
    await rig.multi.start();
    expect(rig.multi.health()).toMatchObject({ status: 'up', brokers: [{ name: 'orders' }, { name: 'events' }] });
  });

  it('degraded when one is', async () => {
    const rig = two(true, 'sick');
    await rig.multi.start();
    expect(rig.multi.health().status).toBe('degraded');
  });

  it('degraded when one that may come later is down', async () => {
    const rig = two(false, 'down');
    const started = rig.multi.start();
    await rig.advance(2_000);
    await started;
    expect(rig.multi.health().status).toBe('degraded');
    await rig.multi.stop();
  });

  it('down when one is that may not', async () => {
    const rig = two(true, 'up');
    await rig.multi.start();
    rig.driver('events').io?.state('lost');
    expect(rig.multi.health().status).toBe('down');
  });
});

describe('busy', () => {
  it('tells a publish that is under way', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    await rig.multi.start();
    rig.driver('orders').hold = true;
    const published = rig.multi.get('orders').publish('q', 'x');
    await turns();
    expect(rig.multi.busy).toBe(true);
    rig.driver('orders').writes[0]?.confirm();
    await published;
    expect(rig.multi.busy).toBe(false);
  });

  it('tells a handler that runs though its message is settled', async () => {
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [{ broker: 'orders', source: 'created', options: { ack: 'ack-first' }, call: () => turns(5) }],
    });
    await rig.multi.start();
    const lane = rig.deliver('orders', 'created', ...messages('a'));
    expect([lane.fates, rig.multi.busy]).toEqual([['a ack'], true]);
    await turns(20);
    expect(rig.multi.busy).toBe(false);
  });
});
