import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { Bridge, Reader } from '../../support/bridge-app.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

afterEach(closeTestApps);

describe('a crash before a settlement', () => {
  it('makes the message come again, though its result was published', async () => {
    const { harness, broker } = await testApp([Bridge, Reader]);
    harness.fault('orders').crashAt('before-settle');
    await harness.publish('orders', 'in', 'a');
    expect(harness.published('events')).toHaveLength(1);
    expect(harness.deliveries({ broker: 'orders' })).toMatchObject([{ outcome: 'abandoned' }]);
    expect(broker('orders').health().counts.unsettled).toBe(0);

    await harness.restart();
    expect(harness.published('events')).toHaveLength(2);
    expect(harness.deliveries({ broker: 'orders' })).toMatchObject([{ outcome: 'abandoned' }, { outcome: 'acked' }]);
  });

  it('keeps a handler from being called whose message is settled first', async () => {
    @Injectable()
    class First {
      @Subscribe('orders', 'in', { ack: 'ack-first' })
      take(@Payload() _text: string) {}
    }
    const { harness } = await testApp([First]);
    harness.fault('orders').crashAt('before-settle');
    await harness.publish('orders', 'in', 'a');
    expect(harness.handler(First, 'take')).not.toHaveBeenCalled();
    expect(harness.pending()).toMatchObject([{ why: 'unread', broker: 'orders', messages: 1 }]);
    await harness.restart();
    expect(harness.handler(First, 'take')).toHaveBeenCalledTimes(1);
  });

  it('is not counted below nothing while another handler of its lane still runs', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class Slow {
      @Subscribe('orders', 'in')
      @PublishTo('events', 'out')
      async pass(@Payload() text: string) {
        if (text === 'b') await gate;
        return text;
      }
    }
    const { harness, broker } = await testApp([Slow]);
    harness.fault('orders').crashAt('before-settle');
    // One lane: the second begins while the first one's publish is confirmed.
    await broker('orders').publishBatch('in', ['a', 'b'], { key: 'k' });
    await harness.waitFor(() => broker('orders').health().status === 'down');
    expect(harness.handler(Slow, 'pass').mock.calls).toEqual([['a'], ['b']]);
    expect(broker('orders').health().counts).toMatchObject({ running: 1, unsettled: 0 });
    release();
    await harness.settled();
    expect(harness.published('events').map(({ payload }) => payload)).toEqual(['a']);
  });
});
