import { afterEach, describe, expect, it } from '@jest/globals';
import { Bridge, Reader } from '../../support/bridge-app.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

afterEach(closeTestApps);

describe('a crash before a publish', () => {
  it('leaves nothing published, and the message comes again after the restart', async () => {
    const { harness } = await testApp([Bridge, Reader]);
    harness.fault('events').crashAt('before-publish');
    await harness.publish('orders', 'in', 'a');
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledTimes(1);
    expect(harness.handler(Reader, 'read')).not.toHaveBeenCalled();
    expect(harness.published('events')).toEqual([]);
    expect(harness.deliveries()).toMatchObject([{ outcome: 'abandoned' }]);

    await harness.restart();
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledTimes(2);
    expect(harness.handler(Reader, 'read')).toHaveBeenCalledTimes(1);
    expect(harness.deliveries({ broker: 'orders' })).toMatchObject([{ outcome: 'abandoned' }, { outcome: 'acked' }]);
  });

  it('cuts off a publish by hand too: its promise rejects, and harness.publish() does not', async () => {
    const { harness, broker } = await testApp([Reader]);
    harness.fault('events').crashAt('before-publish');
    await expect(broker('events').publish('out', 'a')).rejects.toMatchObject({
      code: 'MULTI_BROKER_STOPPED',
      retryable: false,
      written: 'no',
    });
    await harness.restart();
    harness.fault('events').crashAt('before-publish');
    expect(await harness.publish('events', 'out', 'b')).toEqual({});
    await expect(broker('events').publish('out', 'c')).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
    expect(harness.handler(Reader, 'read')).not.toHaveBeenCalled();
  });
});
