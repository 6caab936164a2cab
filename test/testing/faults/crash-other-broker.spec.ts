import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

let release = (): void => undefined;

@Injectable()
class Both {
  @Subscribe('events', stream('JOBS', { subjects: ['jobs.>'], durable: 'worker', ackWaitMs: 30_000 }))
  @PublishTo('orders', 'done')
  async work(@Payload() text: string) {
    await new Promise<void>((resolve) => (release = resolve));
    return text;
  }

  @Subscribe('orders', 'in')
  take(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('a crash on one broker', () => {
  it('is the death of all: what another one works on is neither published nor settled', async () => {
    const { harness, broker } = await testApp([Both]);
    await broker('events').publish(toStream('jobs.a'), 'a');
    await harness.waitFor(() => harness.deliveries().length === 1);
    harness.fault('orders').crashAt('before-settle');
    await broker('orders').publish('in', 'b');
    await harness.waitFor(() => harness.handler(Both, 'take').mock.calls.length === 1);
    release();
    await harness.settled();
    expect(harness.published('orders', 'done')).toEqual([]);
    expect(harness.deliveries({ broker: 'events' })).toMatchObject([{ outcome: 'abandoned' }]);

    await harness.restart();
    expect(harness.handler(Both, 'work')).toHaveBeenCalledTimes(1);
    expect(harness.handler(Both, 'take')).toHaveBeenCalledTimes(2);
    void harness.clock.advance(30_000);
    await harness.waitFor(() => harness.handler(Both, 'work').mock.calls.length === 2);
    release();
    await harness.settled();
    expect(harness.published('orders', 'done')).toHaveLength(1);
  });
});
