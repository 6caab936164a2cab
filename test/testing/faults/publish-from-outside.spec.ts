import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, type MessageContext, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { fakeBroker } from '../../support/fake-kind.js';
import { closeTestApps, events, orders, testApp } from '../../support/test-app.js';

@Injectable()
class Readers {
  readonly headers: unknown[] = [];

  @Subscribe('orders', 'in')
  @PublishTo('events', 'out')
  order(@Payload() text: string, @Ctx() { message }: MessageContext) {
    this.headers.push({ key: message.key, 'x-by': message.headers['x-by'] });
    return text;
  }

  @Subscribe('events', stream('JOBS', { subjects: ['jobs.>'], durable: 'worker' }))
  job(@Payload() _job: unknown) {}

  @Subscribe('events', 'core')
  core(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('harness.publish() while the application is crashed', () => {
  async function crashed() {
    const app = await testApp([Readers]);
    app.harness.fault('events').crashAt('before-publish');
    await app.harness.publish('orders', 'in', 'first', { key: 'k' });
    expect(app.broker('orders').health().status).toBe('down');
    return app;
  }

  it('is that of somebody else: Kafka keeps it, and the application gets it after the restart', async () => {
    const { harness, get } = await crashed();
    expect(await harness.publish('orders', 'in', 'late', { key: 'k', headers: { 'x-by': 'me' } })).toEqual({
      position: expect.stringMatching(/^in\[\d\]@1$/),
    });
    await harness.publish('orders', 'in', outgoing('later', { key: 'k' }));
    expect(harness.handler(Readers, 'order')).toHaveBeenCalledTimes(1);
    expect(harness.pending()).toMatchObject([{ why: 'unread', broker: 'orders', messages: 3 }]);
    expect(harness.published('orders').map(({ payload }) => payload)).toEqual(['first', 'late', 'later']);

    await harness.restart();
    expect(harness.handler(Readers, 'order').mock.calls).toEqual([['first'], ['first'], ['late'], ['later']]);
    expect(get(Readers).headers[2]).toEqual({ key: 'k', 'x-by': 'me' });
    expect(harness.timeline().others).toEqual([]);
  });

  it('is kept by a stream too, and heard by nobody on a core subject', async () => {
    const { harness } = await crashed();
    await harness.publish('events', toStream('jobs.a'), { job: 1 });
    await harness.publish('events', 'core', 'lost');
    await harness.restart();
    expect(harness.handler(Readers, 'job')).toHaveBeenCalledWith({ job: 1 });
    expect(harness.handler(Readers, 'core')).not.toHaveBeenCalled();
  });

  it('is refused as by the server', async () => {
    const { harness } = await crashed();
    await expect(harness.publish('events', toStream('nowhere'), 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_DESTINATION_UNKNOWN',
    });
    await expect(harness.publish('orders', 'in', 1n)).rejects.toMatchObject({ code: 'MULTI_BROKER_UNENCODABLE' });
  });

  it('does not let the application itself publish', async () => {
    const { broker } = await crashed();
    await expect(broker('orders').publish('in', 'x')).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
  });

  it('goes to a third kind of twin as well', async () => {
    @Injectable()
    class Fake {
      @Subscribe('fake', 'in')
      read(@Payload() _text: string) {}
    }
    const { harness } = await testApp([Fake], { definitions: [fakeBroker({ name: 'fake' }), orders, events] });
    harness.fault('fake').crashAt('before-publish');
    await harness.publish('fake', 'in', 'cut off');
    await harness.publish('fake', 'in', 'by another');
    expect(harness.published('fake')).toMatchObject([{ payload: 'by another' }]);
    await harness.restart();
    await harness.publish('fake', 'in', 'again');
    expect(harness.handler(Fake, 'read').mock.calls).toEqual([['again']]);
  });
});
