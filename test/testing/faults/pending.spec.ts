import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, type MessageContext, Payload, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

const JOBS = stream('JOBS', { subjects: ['jobs.>'], durable: 'worker', ackWaitMs: 20_000 });

@Injectable()
class Worker {
  delayMs: number | undefined;

  @Subscribe('events', JOBS, { ack: 'manual' })
  work(@Payload() _text: string, @Ctx() context: MessageContext) {
    if (this.delayMs !== undefined) context.nack({ delayMs: this.delayMs });
  }

  @Subscribe('orders', 'in', { ack: 'manual' })
  read(@Payload() _text: string) {}

  @Subscribe('events', 'core')
  hear(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('pending() of a broker that is cut off', () => {
  it('tells when JetStream brings again what it had handed out, also once the connection is back', async () => {
    const { harness } = await testApp([Worker]);
    await harness.publish('events', toStream('jobs.a'), 'a');
    const [{ position } = {}] = harness.deliveries();
    await harness.clock.advance(5_000);
    await harness.fault('events').dropConnection();
    const again = {
      why: 'ack-wait',
      broker: 'events',
      handler: 'Worker.work',
      destination: 'jobs.a',
      position,
      attempt: 1,
      messages: 1,
    };
    expect(harness.pending()).toEqual([{ ...again, inMs: 15_000, dueAt: harness.clock.now() + 15_000 }]);
    await harness.clock.advance(1_000);
    await harness.fault('events').restore();
    expect(harness.pending()).toMatchObject([{ ...again, inMs: 14_000 }]);
    await harness.clock.advance(14_000);
    expect(harness.pending()).toMatchObject([{ why: 'manual', handler: 'Worker.work', position, attempt: 4 }]);
  });

  it('tells the same after a crash, and after the restart', async () => {
    const { harness } = await testApp([Worker]);
    await harness.publish('events', toStream('jobs.a'), 'a');
    harness.fault('events').crashAt('before-publish');
    await harness.publish('events', toStream('jobs.b'), 'b');
    expect(harness.pending()).toMatchObject([{ why: 'ack-wait', destination: 'jobs.a', inMs: 20_000 }]);
    await harness.restart();
    expect(harness.pending()).toMatchObject([{ why: 'ack-wait', destination: 'jobs.a', inMs: 20_000 }]);
    await harness.clock.next();
    expect(harness.pending()).toMatchObject([{ why: 'manual', destination: 'jobs.a' }]);
  });

  it('tells what was nacked as before, and what its time has come for as unread', async () => {
    const { harness, get } = await testApp([Worker]);
    get(Worker).delayMs = 3_000;
    await harness.publish('events', toStream('jobs.a'), 'a');
    await harness.fault('events').dropConnection();
    expect(harness.pending()).toMatchObject([{ why: 'redelivery', handler: 'Worker.work', inMs: 3_000 }]);
    await harness.clock.advance(3_000);
    expect(harness.pending()).toEqual([
      { why: 'unread', broker: 'events', destination: 'JOBS/worker', messages: 1, what: 'durable worker' },
    ]);
    await harness.fault('events').restore();
    await harness.settled();
    expect(harness.pending()).toMatchObject([{ why: 'redelivery', attempt: 4, inMs: 3_000 }]);
  });

  it('tells what a Kafka group has yet to settle, partition by partition, and when its connection is back', async () => {
    const { harness } = await testApp([Worker]);
    for (const text of ['a', 'b']) await harness.publish('orders', 'in', text, { key: 'k' });
    await harness.fault('orders').dropConnection({ forMs: 2_000 });
    const [unread, ...others] = harness.pending();
    expect(unread).toEqual({
      why: 'unread',
      broker: 'orders',
      destination: expect.stringMatching(/^in\[\d\]$/),
      messages: 2,
      what: 'group g',
      inMs: 2_000,
      dueAt: harness.clock.now() + 2_000,
    });
    expect(others).toMatchObject([{ why: 'timer', what: 'connection comes back' }]);
    await harness.clock.next();
    expect(harness.pending()).toMatchObject([{ why: 'manual' }, { why: 'manual' }]);
  });

  it('tells what waits for the restart of a crashed application', async () => {
    const { harness } = await testApp([Worker]);
    await harness.publish('orders', 'in', 'a');
    harness.fault('events').crashAt('before-publish');
    await harness.publish('events', 'core', 'x');
    expect(harness.pending()).toMatchObject([{ why: 'unread', broker: 'orders', messages: 1 }]);
    harness.fault('orders').failStart();
    await expect(harness.restart()).rejects.toThrow(/ECONNREFUSED/);
    expect(harness.pending()).toMatchObject([{ why: 'unread', broker: 'orders', messages: 1 }]);
    await harness.restart();
    expect(harness.pending()).toMatchObject([{ why: 'manual', broker: 'orders' }]);
  });

  it('tells nothing that core NATS has lost', async () => {
    const { harness } = await testApp([Worker]);
    harness.fault('events').crashAt('before-settle');
    await harness.publish('events', 'core', 'a');
    expect(harness.pending()).toEqual([]);
  });
});

describe('pending() of JetStream', () => {
  it('lists what its server keeps back, for as much is unsettled as may be', async () => {
    @Injectable()
    class One {
      readonly left: MessageContext[] = [];

      @Subscribe('events', stream('ONE', { subjects: ['one.>'], durable: 'o', maxAckPending: 1 }), { ack: 'manual' })
      work(@Payload() _text: string, @Ctx() context: MessageContext) {
        this.left.push(context);
      }
    }
    const { harness, get } = await testApp([One]);
    for (const text of ['a', 'b', 'c']) await harness.publish('events', toStream('one.x'), text);
    expect(harness.pending()).toMatchObject([
      { why: 'manual', handler: 'One.work' },
      { why: 'queued', broker: 'events', destination: 'ONE/o', messages: 2, what: 'durable o' },
    ]);
    get(One).left[0]?.ack();
    await harness.settled();
    expect(harness.pending()).toMatchObject([{ why: 'manual' }, { why: 'queued', messages: 1 }]);
  });

  it('does not list a nacked message that comes no more, for it was delivered as often as may be', async () => {
    @Injectable()
    class Once {
      @Subscribe('events', stream('ONCE', { subjects: ['once.>'], durable: 'o', maxDeliver: 1 }), { ack: 'manual' })
      work(@Payload() _text: string, @Ctx() context: MessageContext) {
        context.nack({ delayMs: 3_000 });
      }
    }
    const { harness } = await testApp([Once]);
    await harness.publish('events', toStream('once.a'), 'a');
    await harness.clock.advance(3_000);
    expect(harness.pending()).toEqual([]);
  });
});
