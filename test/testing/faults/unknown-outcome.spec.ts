import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

@Injectable()
class Bridge {
  @Subscribe('orders', 'in')
  @PublishTo('orders', 'out')
  toKafka(@Payload() text: string) {
    return text;
  }

  @Subscribe('orders', 'to-stream')
  @PublishTo('events', toStream('jobs.new'))
  toStream(@Payload() text: string) {
    return text;
  }

  @Subscribe('orders', 'to-core')
  @PublishTo('events', 'core')
  toCore(@Payload() text: string) {
    return text;
  }

  @Subscribe('orders', 'out')
  fromKafka(@Payload() _text: string) {}

  @Subscribe('events', stream('JOBS', { subjects: ['jobs.>'], durable: 'worker' }))
  fromStream(@Payload() _text: string) {}

  @Subscribe('events', 'core')
  fromCore(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe("failPublish({ written: 'maybe' })", () => {
  it('makes a duplicate on Kafka: the same bytes are written again, and the handler is called once', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('orders').failPublish({ times: 1, destination: 'out', written: 'maybe' });
    await harness.publish('orders', 'in', 'a');
    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledTimes(1);
    expect(harness.published('orders', 'out')).toEqual([]);
    expect(harness.deliveries({ handler: 'Bridge.toKafka' })).toMatchObject([{ outcome: 'pending' }]);
    expect(harness.pending()).toMatchObject([
      {
        why: 'publish-retry',
        destination: 'out',
        error: { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe' },
      },
    ]);

    await harness.clock.next();
    expect(harness.handler(Bridge, 'toKafka')).toHaveBeenCalledTimes(1);
    expect(harness.handler(Bridge, 'fromKafka').mock.calls).toEqual([['a'], ['a']]);
    expect(harness.deliveries({ handler: 'Bridge.toKafka' })).toMatchObject([{ outcome: 'acked' }]);
    expect(harness.timeline().others).toEqual([]);
  });

  it('makes none on a stream: the repeat has its dedupe id', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('events').failPublish({ times: 2, destination: 'jobs.new', written: 'maybe' });
    await harness.publish('orders', 'to-stream', 'a');
    await harness.clock.advance(60_000);
    expect(harness.handler(Bridge, 'fromStream')).toHaveBeenCalledTimes(1);
    expect(harness.deliveries({ handler: 'Bridge.toStream' })).toMatchObject([{ outcome: 'acked' }]);
    expect(harness.published('events')).toHaveLength(1);
    expect(harness.timeline().others).toEqual([]);
  });

  it('makes a duplicate on a core subject', async () => {
    const { harness } = await testApp([Bridge]);
    harness.fault('events').failPublish({ times: 1, written: 'maybe' });
    await harness.publish('orders', 'to-core', 'a');
    await harness.clock.advance(60_000);
    expect(harness.handler(Bridge, 'fromCore')).toHaveBeenCalledTimes(2);
  });

  it('rejects a publish by hand, which nobody repeats, and says that it may be written', async () => {
    const { harness, broker } = await testApp([Bridge]);
    harness.fault('orders').failPublish({ times: 1, written: 'maybe' });
    await expect(broker('orders').publish('out', 'a')).rejects.toMatchObject({
      code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED',
      written: 'maybe',
    });
    await harness.settled();
    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledTimes(1);
    harness.fault('orders').failPublish({ times: 1 });
    await expect(harness.publish('orders', 'out', 'b')).rejects.toMatchObject({ written: 'no' });
    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledTimes(1);
  });
});
