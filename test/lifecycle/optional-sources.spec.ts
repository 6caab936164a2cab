import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { definition, LifecycleRig } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const optional = definition('events', { critical: false });

/** Handlers of `events`, one for each source; those whose name begins so in `refused` cannot be read. */
async function started(sources: readonly string[], refused: readonly string[]) {
  const bad = new Set(refused);
  const rig = new LifecycleRig({
    brokers: ['orders', optional],
    handlers: sources.map((source) => ({ handler: `On.${source}`, broker: 'events', source })),
    prepare: ({ gates }) => {
      gates.subscribe = async (asked) => {
        for (const { address } of asked) if (bad.has(address)) throw new Error(`no ${address}`);
      };
    },
  });
  const start = rig.multi.start();
  await rig.advance(2_000);
  await start;
  const health = () => rig.multi.get('events').health();
  return { rig, bad, health };
}

describe('a source of a broker with critical: false that cannot begin', () => {
  it('keeps no other from reading: each is subscribed by itself', async () => {
    const { rig } = await started(['good', 'bad', 'core.good', 'core.bad'], ['bad', 'core.bad']);
    expect(rig.seen('subscribed')).toEqual(['events: subscribed core.good', 'events: subscribed good']);
    const lane = rig.deliver('events', 'good', ...messages('a'));
    await turns();
    expect(lane.fates).toEqual(['a ack']);
    await rig.multi.stop();
  });

  it('is told by health, with the handler and why, until it reads', async () => {
    const { rig, bad, health } = await started(['good', 'bad'], ['bad']);
    expect(health()).toMatchObject({ status: 'degraded', reasons: ['On.bad does not read queue bad yet: no bad'] });
    bad.clear();
    await rig.advance(5_000);
    expect(health()).toMatchObject({ status: 'up', reasons: [] });
    await rig.multi.stop();
  });

  it('is tried again with waits that grow to 5 s, and nothing else is', async () => {
    const { rig } = await started(['good', 'bad'], ['bad']);
    await rig.advance(58_000);
    // At 0, 0.5, 1.5, 3.5 and 7.5 s, then each 5 s.
    expect(rig.seen('subscribe bad')).toHaveLength(5 + 10);
    expect(rig.seen('subscribe good')).toHaveLength(1);
    await rig.multi.stop();
    expect(rig.clock.pending()).toEqual([]);
  });

  it('is warned of once for each reason, and a line says that it reads', async () => {
    const { rig, bad } = await started(['bad'], ['bad']);
    await rig.advance(30_000);
    bad.clear();
    await rig.advance(5_000);
    expect(rig.log.lines.filter((line) => line.includes('queue bad'))).toEqual([
      "warn Could not subscribe on broker 'events', retrying: On.bad does not read queue bad yet: no bad",
      "info Broker 'events': On.bad now reads queue bad",
    ]);
    await rig.multi.stop();
  });

  it('fills no health without end: 20 sources are told one by one', async () => {
    const sources = Array.from({ length: 25 }, (_, n) => `bad${n}`);
    const { rig, health } = await started(sources, sources);
    expect(health().reasons).toHaveLength(21);
    expect(health().reasons.at(-1)).toBe('… and 5 more sources do not read yet');
    await rig.multi.stop();
  });
});

describe('a source that publishes to a broker with critical: false', () => {
  const to = [{ broker: 'events', destination: 'q', options: {} }];

  it('holds while that is down, and the health of its own broker says so', async () => {
    let up = false;
    const rig = new LifecycleRig({
      brokers: ['orders', optional],
      handlers: [{ handler: 'Bridge.on', source: 'created', publishTo: to, call: () => outgoing('x') }],
      prepare: ({ name, gates }) => {
        if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const start = rig.multi.start();
    await rig.advance(2_000);
    await start;
    expect(rig.multi.get('orders').health()).toMatchObject({
      status: 'degraded',
      reasons: ["Bridge.on does not read queue created yet: broker 'events', which it publishes to, is not up"],
    });
    up = true;
    await rig.advance(10_000);
    expect(rig.multi.health()).toMatchObject({ status: 'up', brokers: [{ reasons: [] }, { reasons: [] }] });
    await rig.multi.stop();
  });

  it('does not hold for a publisher that may lose its results', async () => {
    const lossy = [{ broker: 'events', destination: 'q', options: { bestEffort: true } }];
    const rig = new LifecycleRig({
      brokers: ['orders', optional],
      handlers: [{ handler: 'Bridge.on', source: 'created', publishTo: lossy, call: () => outgoing('x') }],
      prepare: ({ name, gates }) => {
        if (name === 'events') gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const start = rig.multi.start();
    await rig.advance(2_000);
    await start;
    const lane = rig.deliver('orders', 'created', ...messages('a'));
    await turns();
    expect(lane.fates).toEqual(['a ack']);
    expect(rig.multi.get('orders').health()).toMatchObject({ status: 'up', counts: { handled: 1, unpublished: 1 } });
    await rig.multi.stop();
  });

  it('begins when that comes up, although what keeps nothing on another broker is refused', async () => {
    let up = false;
    const rig = new LifecycleRig({
      brokers: ['core', 'orders', optional],
      handlers: [
        { handler: 'On.core', broker: 'core', source: 'core.denied', publishTo: to },
        { handler: 'On.created', broker: 'orders', source: 'created', publishTo: to },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'core') gates.subscribe = () => Promise.reject(new Error('permissions violation'));
        if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const start = rig.multi.start();
    await rig.advance(2_000);
    await start;
    up = true;
    await rig.advance(10_000);
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
    expect(rig.multi.get('core').health().reasons).toEqual([
      'On.core does not read queue core.denied yet: permissions violation',
    ]);
    await rig.multi.stop();
  });

  it('begins although what keeps nothing on another broker never answers', async () => {
    let up = false;
    const never = open();
    const rig = new LifecycleRig({
      brokers: ['core', 'orders', optional],
      handlers: [
        { handler: 'On.core', broker: 'core', source: 'core.silent', publishTo: to },
        { handler: 'On.created', broker: 'orders', source: 'created', publishTo: to },
      ],
      prepare: ({ name, gates }) => {
        if (name === 'core') gates.subscribe = () => never.promise;
        if (name === 'events' && !up) gates.connect = () => Promise.reject(new Error('not there'));
      },
    });
    const start = rig.multi.start();
    await rig.advance(2_000);
    await start;
    up = true;
    await rig.advance(10_000);
    expect(rig.seen('subscribed')).toEqual(['orders: subscribed created']);
    expect(rig.multi.get('core').health().reasons).toEqual([
      'On.core does not read queue core.silent yet: it is being subscribed',
    ]);
    await rig.multi.stop();
  });
});

it('what was subscribed by hand and cannot begin again keeps no other from it, and health says why', async () => {
  const bad = new Set<string>();
  const rig = new LifecycleRig({
    brokers: [optional],
    prepare: ({ gates }) => {
      gates.subscribe = async ([source]) => {
        if (bad.has(source!.address)) throw new Error(`no ${source!.address}`);
      };
    },
  });
  await rig.multi.start();
  const events = rig.multi.get('events');
  for (const address of ['one', 'two']) await events.subscribe(address, function onMore() {});
  bad.add('one');
  await rig.multi.kill();
  const start = rig.multi.start();
  await rig.advance(2_000);
  await start;
  expect(events.health()).toMatchObject({
    status: 'degraded',
    reasons: ['onMore, subscribed explicitly, does not read queue one yet: no one'],
  });
  const lane = rig.deliver('events', 'two', ...messages('a'));
  await turns();
  expect(lane.fates).toEqual(['a ack']);
  bad.clear();
  await rig.advance(5_000);
  expect(events.health()).toMatchObject({ status: 'up', reasons: [] });
  await rig.multi.stop();
});
