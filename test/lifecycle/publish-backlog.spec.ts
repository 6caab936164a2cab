import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { messages } from '../support/fake-lane.js';
import { refused } from '../support/fake-driver.js';
import { LifecycleRig } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const bridge = {
  handler: 'Bridge.on',
  broker: 'orders',
  source: 'created',
  publishTo: [{ broker: 'events', destination: 'q', options: {} }],
  call: () => outgoing('x'),
};
const every = { handler: 'Bridge.all', source: 'all', call: () => outgoing.each(['x', 'y']) };

async function started() {
  const rig = new LifecycleRig({ brokers: ['orders', 'events'], handlers: [bridge, { ...bridge, ...every }] });
  await rig.multi.start();
  rig.log.lines.length = 0;
  const reasons = (name: string) => rig.multi.get(name).health().reasons;
  const fail = (): void => {
    rig.driver('events').outcome = () => refused(true);
  };
  const stop = async (): Promise<void> => {
    const stopped = rig.multi.stop();
    await rig.advance(10_000);
    await stopped;
  };
  return { rig, reasons, fail, stop };
}

describe('results that a broker does not take for a while', () => {
  it('are told by its health with count, destination, since when and error, and by that of the source with the handler', async () => {
    const { rig, reasons, fail, stop } = await started();
    fail();
    rig.deliver('orders', 'created', ...messages('a', 'b'));
    await rig.advance(2_999);
    expect([reasons('orders'), reasons('events')]).toEqual([[], []]);
    await rig.advance(1);
    expect(reasons('events')).toEqual([
      expect.stringMatching(
        /^2 message\(s\) wait to be published to queue q since 1970-01-01T00:00:00\.000Z: not written/,
      ),
    ]);
    expect(reasons('orders')).toEqual([
      expect.stringMatching(
        /^Bridge\.on \(created\) waits for 2 message\(s\) to be published to queue q on broker 'events' since 1970-.*: not written/,
      ),
    ]);
    expect(rig.multi.health().status).toBe('degraded');
    await stop();
  });

  it('are told by one warning, and by one line when it is over', async () => {
    const { rig, reasons, fail } = await started();
    fail();
    rig.deliver('orders', 'created', ...messages('a', 'b'));
    await rig.advance(60_000);
    expect(rig.log.lines).toEqual([
      expect.stringMatching(
        /^warn Broker 'events' keeps trying: 2 message\(s\) wait to be published to queue q since .*: not written/,
      ),
    ]);
    rig.driver('events').outcome = () => ({ receipt: {} });
    await rig.advance(2_000);
    expect([reasons('orders'), reasons('events'), rig.multi.health().status]).toEqual([[], [], 'up']);
    expect(rig.log.lines.slice(1)).toEqual([
      "info Broker 'events': publishing to queue q goes on; it had stood since 1970-01-01T00:00:00.000Z",
    ]);
  });

  it('are told where a handler gives several for each message, and with what was published by hand behind them', async () => {
    const { rig, reasons, fail, stop } = await started();
    fail();
    rig.deliver('orders', 'all', ...messages('a'));
    await rig.advance(3_000);
    void rig.multi
      .get('events')
      .publish('q', 'by hand')
      .catch(() => undefined);
    await turns();
    expect(reasons('events')).toEqual([expect.stringContaining('3 message(s) wait to be published to queue q')]);
    expect(reasons('orders')).toEqual([expect.stringContaining('Bridge.all (all) waits for 2 message(s)')]);
    await stop();
  });

  it('are told while the connection is down', async () => {
    const { rig, reasons, stop } = await started();
    const events = rig.driver('events');
    events.io?.state('reconnecting', new Error('ECONNRESET'));
    events.outcome = () => refused(true, 'MULTI_BROKER_NOT_CONNECTED');
    rig.deliver('orders', 'created', ...messages('a'));
    await rig.advance(3_000);
    expect(reasons('orders')).toEqual([
      expect.stringContaining("waits for 1 message(s) to be published to queue q on broker 'events'"),
    ]);
    expect(reasons('events')).toEqual(['reconnecting: ECONNRESET', expect.stringContaining('1 message(s) wait')]);
    await stop();
  });

  it('are told although no try has ended yet, results and what is published by hand alike', async () => {
    const { rig, reasons } = await started();
    rig.driver('events').hold = true;
    rig.deliver('orders', 'created', ...messages('a'));
    const published = rig.multi.get('events').publish('by-hand', 'x');
    await rig.advance(3_000);
    expect(reasons('orders')).toEqual([expect.stringContaining('no confirmation yet')]);
    expect(reasons('events')).toEqual([
      expect.stringMatching(/^1 message\(s\) wait to be published to queue q since .*no confirmation yet$/),
      expect.stringMatching(/^1 message\(s\) wait to be published to queue by-hand since .*no confirmation yet$/),
    ]);
    for (const write of rig.driver('events').writes) write.confirm();
    await published;
    expect([reasons('orders'), reasons('events')]).toEqual([[], []]);
  });

  it('fill no health without end: 20 destinations are told one by one', async () => {
    const { rig, reasons, stop } = await started();
    rig.driver('events').hold = true;
    for (let n = 0; n < 25; n++)
      void rig.multi
        .get('events')
        .publish(`q${n}`, 'x')
        .catch(() => undefined);
    await rig.advance(3_000);
    expect(reasons('events')).toHaveLength(21);
    expect(reasons('events').at(-1)).toBe('… and 5 more destinations');
    for (const write of rig.driver('events').writes) write.confirm();
    await stop();
  });
});
