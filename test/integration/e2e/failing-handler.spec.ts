import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Ctx, MessageContext, MultiBroker, Payload, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

/** One message to each of two partitions, then a second to the first. */
async function publishToPartitions(topic: string): Promise<void> {
  const producer = kafkaClient().producer();
  await producer.connect();
  for (const [partition, value] of [
    [0, 'fails'],
    [0, 'behind'],
    [1, 'other'],
  ] as const)
    await producer.send({ topic, messages: [{ partition, value }] });
  await producer.disconnect();
}

whenBrokers(describe)('a failing handler on real brokers', () => {
  afterEach(closeApps);

  it('gets its message three times when it fails twice; those behind it in its partition wait, others do not', async () => {
    const topic = await createTopic(uniqueName('topic'), 2);
    await publishToPartitions(topic);
    const calls: string[] = [];

    @Injectable()
    class Handler {
      @Subscribe('orders', topic, { retry: { attempts: 3, delayMs: 1_500, factor: 1 } })
      handle(@Payload() text: string, @Ctx() { message }: MessageContext) {
        calls.push(`${text} ${message.attempt}`);
        if (text === 'fails' && message.attempt < 3) throw new Error('not yet');
      }
    }
    const definition = orders({ groupId: uniqueName('group') });
    const app = await application([definition], [Handler]);
    await app.init();
    await until(() => calls.length === 5, { what: 'all calls' });
    const partition0 = calls.filter((call) => !call.startsWith('other'));
    expect(partition0).toEqual(['fails 1', 'fails 2', 'fails 3', 'behind 1']);
    expect(calls.indexOf('other 1')).toBeLessThan(calls.indexOf('fails 2'));
    await app.close();
    expect(await committedOffsets((definition.options as unknown as { groupId: string }).groupId, topic)).toEqual([
      2, 1,
    ]);
  });

  it('keeps a message that goes on failing at the head of its partition, uncommitted, and health says why', async () => {
    const topic = await createTopic(uniqueName('topic'), 2);
    await publishToPartitions(topic);
    const calls: string[] = [];
    let heals = false;

    @Injectable()
    class Handler {
      @Subscribe('orders', topic, { retry: { attempts: 1 } })
      handle(@Payload() text: string) {
        calls.push(text);
        if (text === 'fails' && !heals) throw new Error('out of order');
      }
    }
    const groupId = uniqueName('group');
    const app = await application([orders({ groupId, commitIntervalMs: 100 })], [Handler]);
    await app.init();
    await until(async () => (await committedOffsets(groupId, topic))[1] === 1, {
      what: 'the other partition is committed',
    });
    await until(() => calls.filter((call) => call === 'fails').length >= 2, { what: 'it comes again' });
    expect(calls).not.toContain('behind');
    expect(await committedOffsets(groupId, topic)).toEqual([0, 1]);
    const health = app.get(MultiBroker).get('orders').health();
    expect(health.status).toBe('degraded');
    expect(health.reasons.join()).toContain('out of order');
    heals = true;
    await until(() => calls.includes('behind'), { what: 'the partition goes on' });
    await app.close();
    expect(await committedOffsets(groupId, topic)).toEqual([2, 1]);
  });

  it('gets a JetStream message again after a nak, while those behind it go on', async () => {
    const [subject, name] = [uniqueName('in'), uniqueName('STREAM')];
    const source = stream(name, { durable: 'worker', subjects: [subject], storage: 'memory' });
    const calls: string[] = [];

    @Injectable()
    class Handler {
      @Subscribe('events', source, { retry: { attempts: 1 } })
      handle(@Payload() text: string, @Ctx() { message }: MessageContext) {
        calls.push(`${text} ${message.attempt}`);
        if (text === 'fails' && message.attempt === 1) throw new Error('not yet');
      }
    }
    const app = await application([events()], [Handler]);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    for (const text of ['fails', 'behind']) await broker.publish(toStream(subject), text);
    await until(() => calls.length === 3, { what: 'it came again' });
    expect(calls).toEqual(['fails 1', 'behind 1', 'fails 2']);
  });
});
