import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';

import { outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { Bridge } from '../../support/bridge-app.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

@Injectable()
class Splitter {
  @Subscribe('orders', 'in')
  @PublishTo('events', 'out')
  split(@Payload() text: string) {
    return outgoing.each([1, 2, 3].map((part) => `${text}${part}`));
  }
}

afterEach(closeTestApps);

describe('scripted faults', () => {
  it('a publish that fails is tried again by the clock, and nothing is lost', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('events').failPublish({ times: 2, destination: 'out' });
    await harness.publish('orders', 'in', 'a');
    expect(harness.published('events', 'out')).toHaveLength(0);
    expect(harness.pending()).toMatchObject([{ why: 'publish-retry', broker: 'events', handler: expect.any(String) }]);
    await harness.clock.advance(10_000);
    expect(harness.published('events', 'out')).toHaveLength(1);
    expect(harness.deliveries()).toMatchObject([{ outcome: 'acked' }]);
  });

  it.each(['no', 'maybe'] as const)('results keep their order over one that fails (written: %s)', async (written) => {
    const { harness } = await testApp([Splitter]);
    harness.fault('events').failPublish({ times: 1, destination: 'out', written });
    await harness.publish('orders', 'in', 'a');
    await harness.clock.advance(10_000);
    const payloads = harness.published('events', 'out').map(({ payload }) => payload);
    expect([...new Set(payloads)]).toEqual(['a1', 'a2', 'a3']);
  });

  it('a slow publish ends at its time and not before', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('events').slowPublish(500);
    await harness.publish('orders', 'in', 'a');
    expect(harness.published('events')).toHaveLength(0);
    await harness.clock.advance(500);
    expect(harness.published('events')).toHaveLength(1);
  });

  it("a slow publish of the test's own ends at rest, and what becomes of it is told when it is known", async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('orders').slowPublish(500);
    expect(await harness.publish('orders', 'in', 'a')).toEqual({});
    expect(harness.pending()).toMatchObject([{ why: 'publish', broker: 'orders', destination: 'in', inMs: 500 }]);
    await harness.clock.advance(500);
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledWith('a');

    harness.fault('orders').failPublish({ times: 1 });
    await harness.publish('orders', 'in', 'b');
    await expect(harness.clock.advance(500)).rejects.toMatchObject({ code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED' });
    await harness.settled();

    await harness.publish('orders', 'in', 'c');
    await harness.restart();
    expect(harness.handler(Bridge, 'pass').mock.calls).toEqual([['a']]);
  });

  it('a lost connection is told by health; what is published meanwhile waits and arrives', async () => {
    const { harness, broker } = await testApp([Bridge]);
    await harness.fault('events').dropConnection();
    await harness.publish('orders', 'in', 'a');
    expect(broker('events').health().status).toBe('down');
    expect(harness.published('events')).toHaveLength(0);
    await harness.fault('events').restore();
    await harness.clock.advance(10_000);
    expect(harness.published('events')).toHaveLength(1);
  });

  it('a Kafka source reads on where it was once the connection is back', async () => {
    const { harness, broker } = await testApp([Bridge]);
    await harness.publish('orders', 'in', 'a');
    await harness.fault('orders').dropConnection({ forMs: 1_000 });
    await harness.clock.advance(1_000);
    expect(broker('orders').health().status).toBe('up');
    await harness.publish('orders', 'in', 'b');
    expect(harness.deliveries({ broker: 'orders' }).map(({ payload }) => payload)).toEqual(['a', 'b']);
  });

  it('a misspelt broker is named with the nearest', async () => {
    const { harness } = await testApp([Bridge]);
    expect(() => harness.fault('orderz')).toThrow(/'orders'/);
  });
});
