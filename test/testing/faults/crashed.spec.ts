import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

@Injectable()
class Bridge {
  @Subscribe('orders', 'in')
  @PublishTo('events', 'out')
  pass(@Payload() text: string) {
    return text;
  }

  @Subscribe('orders', 'kept')
  keep(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('between a crash and the restart', () => {
  it('no handler is called, whatever waits', async () => {
    const { harness, broker } = await testApp([Bridge]);
    harness.fault('orders').crashAt('before-settle');
    // One lane: b and c wait behind a.
    await Promise.all(['a', 'b', 'c'].map((text) => broker('orders').publish('kept', text, { key: 'k' })));
    await harness.settled();
    await harness.clock.advance(600_000);
    expect(harness.handler(Bridge, 'keep').mock.calls).toEqual([['a']]);
    await harness.restart();
    expect(harness.handler(Bridge, 'keep').mock.calls).toEqual([['a'], ['a'], ['b'], ['c']]);
  });

  it('health and the timeline say so, and all is well afterwards', async () => {
    const { harness, broker } = await testApp([Bridge]);
    harness.fault('events').crashAt('before-publish');
    await harness.publish('orders', 'in', 'a');
    for (const name of ['orders', 'events']) {
      expect(broker(name).health()).toMatchObject({
        status: 'down',
        reasons: [expect.stringContaining("crashAt 'before-publish' of broker 'events'")],
      });
    }
    expect(String(harness.timeline())).toMatch(/'events' ← out "a": not confirmed .*The process has crashed/s);
    await harness.restart();
    expect(broker('orders').health()).toMatchObject({ status: 'up', reasons: [] });
    expect(broker('events').health()).toMatchObject({ status: 'up', reasons: [] });
  });

  it('a publish that waits for its next try is forgotten with the process', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('events').failPublish({ times: 1 });
    await harness.publish('orders', 'in', 'a');
    expect(harness.pending()).toMatchObject([{ why: 'publish-retry' }]);
    await harness.restart();
    expect(harness.pending()).toEqual([]);
    await harness.clock.advance(600_000);
    expect(harness.published('events')).toHaveLength(1);
  });

  it('a publish that a fault delays ends unwritten', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('events').slowPublish(1_000);
    await harness.publish('orders', 'in', 'a');
    harness.fault('orders').crashAt('before-publish');
    await harness.publish('orders', 'in', 'b');
    harness.fault('events').slowPublish(0);
    expect(harness.pending()).toMatchObject([{ why: 'unread', broker: 'orders' }]);
    await harness.clock.advance(10_000);
    expect(harness.published('events')).toEqual([]);
  });

  it('the application can be closed', async () => {
    const { harness, moduleRef, broker } = await testApp([Bridge]);
    harness.fault('events').crashAt('before-publish');
    await harness.publish('orders', 'in', 'a');
    expect(broker('events').health().status).toBe('down');
    await moduleRef.close();
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledTimes(1);
  });

  it('another application goes on', async () => {
    const crashed = await testApp([Bridge]);
    const other = await testApp([Bridge]);
    crashed.harness.fault('events').crashAt('before-publish');
    await crashed.harness.publish('orders', 'in', 'a');
    expect(crashed.broker('events').health().status).toBe('down');
    await other.harness.publish('orders', 'in', 'b');
    expect(other.harness.published('events')).toHaveLength(1);
    expect(other.broker('events').health().status).toBe('up');
  });
});
