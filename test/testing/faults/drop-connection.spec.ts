import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

@Injectable()
class Worker {
  @Subscribe('events', stream('JOBS', { subjects: ['jobs.>'], durable: 'worker', ackWaitMs: 20_000 }), {
    ack: 'manual',
  })
  work(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('dropConnection()', () => {
  it('brings what JetStream had handed out again after its ack wait, however soon the connection is back', async () => {
    const { harness } = await testApp([Worker]);
    await harness.publish('events', toStream('jobs.a'), 'a');
    await harness.fault('events').dropConnection();
    await harness.fault('events').restore();
    await harness.clock.advance(19_999);
    expect(harness.handler(Worker, 'work')).toHaveBeenCalledTimes(1);
    await harness.clock.advance(1);
    expect(harness.handler(Worker, 'work')).toHaveBeenCalledTimes(2);
  });

  it('lasts as long as the newest call says: what an earlier one had said holds no longer', async () => {
    const { harness, broker } = await testApp([]);
    const fault = harness.fault('events');
    await fault.dropConnection({ forMs: 1_000 });
    await fault.restore();
    await fault.dropConnection();
    await harness.clock.advance(10_000);
    expect(broker('events').health().status).toBe('down');
    await fault.dropConnection({ forMs: 500 });
    await harness.clock.advance(500);
    expect(broker('events').health().status).toBe('up');
  });
});
