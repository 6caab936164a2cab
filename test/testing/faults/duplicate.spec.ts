import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, type MessageContext, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

/** Does its work once for each message, whatever comes twice. */
@Injectable()
class Idempotent {
  readonly seen: { readonly id: string; readonly attempt: number }[] = [];
  readonly done = new Map<string, unknown>();

  @Subscribe('orders', 'in')
  fromKafka(@Ctx() context: MessageContext) {
    this.once(context);
  }

  @Subscribe('events', stream('IN', { subjects: ['in.>'], durable: 'reader' }))
  @PublishTo('events', toStream('in-done'))
  fromStream(@Ctx() context: MessageContext) {
    this.once(context);
    return context.message.payload;
  }

  @Subscribe('events', stream('DONE', { subjects: ['in-done'], durable: 'reader' }))
  finished() {}

  @Subscribe('events', 'core')
  fromCore(@Ctx() context: MessageContext) {
    this.once(context);
  }

  private once({ message }: MessageContext): void {
    this.seen.push({ id: message.id, attempt: message.attempt });
    this.done.set(message.id, message.payload);
  }
}

afterEach(closeTestApps);

describe('duplicateNext()', () => {
  it('brings a Kafka record once more, the same one, and the partition goes on', async () => {
    const { harness, get } = await testApp([Idempotent]);
    harness.fault('orders').duplicateNext();
    await harness.publish('orders', 'in', 'a', { key: 'k' });
    await harness.publish('orders', 'in', 'b', { key: 'k' });
    const { seen, done } = get(Idempotent);
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    expect([...done.values()]).toEqual(['a', 'b']);
    expect(harness.deliveries().map(({ outcome }) => outcome)).toEqual(['acked', 'acked', 'acked']);
    await harness.restart();
    expect(seen).toHaveLength(3);
  });

  it('brings a JetStream message once more, counted as a redelivery; a result to a stream is there once', async () => {
    const { harness, get } = await testApp([Idempotent]);
    harness.fault('events').duplicateNext();
    await harness.publish('events', toStream('in.x'), 'a');
    const { seen, done } = get(Idempotent);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.attempt).toBeGreaterThan(seen[0]?.attempt ?? 0);
    expect([...done.values()]).toEqual(['a']);
    expect(harness.handler(Idempotent, 'finished')).toHaveBeenCalledTimes(1);
    await harness.clock.advance(600_000);
    expect(seen).toHaveLength(2);
  });

  it('brings as many messages twice as it is told, and no more', async () => {
    const { harness, get } = await testApp([Idempotent]);
    harness.fault('events').duplicateNext(2);
    for (const text of ['a', 'b', 'c']) await harness.publish('events', 'core', text);
    expect(harness.handler(Idempotent, 'fromCore')).toHaveBeenCalledTimes(5);
    expect([...get(Idempotent).done.values()]).toEqual(['a', 'b', 'c']);
  });

  it('both copies hang on the one publish in the timeline', async () => {
    const { harness } = await testApp([Idempotent]);
    harness.fault('orders').duplicateNext();
    await harness.publish('orders', 'in', 'a');
    const { messages, others } = harness.timeline();
    expect(messages[0]?.deliveries).toHaveLength(2);
    expect(others).toEqual([]);
  });
});
