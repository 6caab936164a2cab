import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, type MessageContext, Payload, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

@Injectable()
class Worker {
  readonly contexts: MessageContext[] = [];

  @Subscribe('events', stream('JOBS', { subjects: ['jobs.>'], durable: 'worker', ackWaitMs: 20_000, maxDeliver: 3 }), {
    ack: 'manual',
    retry: { attempts: 1 },
  })
  work(@Payload() _text: string, @Ctx() context: MessageContext) {
    this.contexts.push(context);
  }
}

afterEach(closeTestApps);

describe("a JetStream message that its handler leaves unsettled (ack: 'manual')", () => {
  it('comes again as a new attempt once its ack wait has passed, as often as maxDeliver says', async () => {
    const { harness, get } = await testApp([Worker]);
    await harness.publish('events', toStream('jobs.a'), 'a');
    expect(harness.pending()).toMatchObject([{ why: 'manual', attempt: 1 }]);
    await harness.clock.advance(19_999);
    expect(harness.handler(Worker, 'work')).toHaveBeenCalledTimes(1);
    await harness.clock.advance(1);
    expect(get(Worker).contexts.map(({ message }) => message.attempt)).toEqual([1, 2]);
    expect(harness.pending()).toMatchObject([{ why: 'manual', attempt: 2 }]);
    await harness.clock.advance(60_000);
    expect(harness.handler(Worker, 'work')).toHaveBeenCalledTimes(3);
  });

  it('is settled by its newest attempt: ack() of an earlier one does nothing', async () => {
    const { harness, get } = await testApp([Worker]);
    await harness.publish('events', toStream('jobs.a'), 'a');
    await harness.clock.advance(20_000);
    const [first, second] = get(Worker).contexts;
    expect(first?.signal.aborted).toBe(true);
    first?.ack();
    expect(harness.pending()).toMatchObject([{ why: 'manual' }]);
    second?.ack();
    await harness.clock.advance(60_000);
    expect(harness.handler(Worker, 'work')).toHaveBeenCalledTimes(2);
    expect(harness.pending()).toEqual([]);
  });
});
