import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { type Broker, bytes, Ctx, type MessageContext, MultiBroker, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, kafkaClient, produce, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, orders } from '../e2e/support.js';

type Handle = (context: MessageContext, offset: number) => void;

/** Settles by hand, as the test says. */
function manual(topic: string, handle: Handle): Type {
  @Injectable()
  class Manual {
    @Subscribe('orders', topic, { ack: 'manual', codec: bytes })
    on(@Ctx() context: MessageContext) {
      const { message } = context.message.raw as { message: { offset: string } };
      handle(context, Number(message.offset));
    }
  }
  return Manual;
}

let app: TestingModule | undefined;

async function start(groupId: string, topic: string, handle: Handle): Promise<Broker> {
  app = await application([orders({ groupId })], [manual(topic, handle)]);
  await app.init();
  return app.get(MultiBroker).get('orders');
}

/** A topic of one partition with so many messages of a size. */
async function filled(count: number, size: number): Promise<string> {
  const topic = await createTopic(uniqueName('head'), 1);
  const producer = kafkaClient().producer();
  await producer.connect();
  const messages = Array.from({ length: Math.min(count, 1_000_000 / size / 2) }, () => ({ value: Buffer.alloc(size) }));
  for (let sent = 0; sent < count; sent += messages.length) await producer.send({ topic, messages });
  await producer.disconnect();
  return topic;
}

async function committed(groupId: string, topic: string): Promise<string | undefined> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const [of] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return of?.partitions[0]?.offset;
}

whenBrokers(describe)('a Kafka message that stays unsettled', () => {
  afterEach(async () => {
    await app?.close();
    await closeApps();
  });

  it('is passed by 499 others, however many are settled: health names it, and a restart repeats no more', async () => {
    const [topic, groupId] = [await filled(5_000, 100), uniqueName('g')];
    let handled = 0;
    const broker = await start(groupId, topic, (context, offset) => {
      handled++;
      if (offset !== 0) context.ack();
    });
    await until(() => broker.health().status === 'degraded', { what: 'it stands' });
    expect([handled, await committed(groupId, topic)]).toEqual([500, '0']);
    expect(broker.health().reasons).toEqual([
      expect.stringMatching(
        /^Manual\.on has been stalled on head-.*\[0\] since .*, head-.*\[0\]@0, waits for its handler to settle it/,
      ),
    ]);

    await app?.close();
    const again: number[] = [];
    const restarted = await start(groupId, topic, (context, offset) => {
      again.push(offset);
      context.ack();
    });
    await until(() => again.length === 5_000, { what: 'all is handled' });
    expect([again[0], restarted.health().reasons]).toEqual([0, []]);
  });

  it('and 8 MiB with it stop a partition as 500 messages do; any that is settled lets it go on', async () => {
    const topic = await filled(100, 200_000);
    const contexts: MessageContext[] = [];
    const broker = await start(uniqueName('g'), topic, (context) => void contexts.push(context));
    await until(() => broker.health().status === 'degraded', { what: 'it stands' });
    const stood = contexts.length;
    expect(stood).toBeLessThan(60);
    expect(broker.health().reasons).toEqual([expect.stringContaining('(8 MiB): nothing more is handled before some')]);
    // The head stays unsettled to the end.
    let settled = 1;
    const settle = (): void => {
      for (; settled < contexts.length; settled++) contexts[settled]?.ack();
    };
    await until(() => (settle(), contexts.length === 100), { what: 'all is handled' });
    contexts[0]?.ack();
  });

  it('holds a batch by hand of 300 up on none of many partitions', async () => {
    const topic = await createTopic(uniqueName('batch'), 12);
    await produce(
      topic,
      Array.from({ length: 12 * 300 }, (_, index) => ({ partition: index % 12, value: 'x' })),
    );
    const batches = new Map<number, MessageContext[]>();
    let settled = 0;
    await start(uniqueName('g'), topic, (context) => {
      const { partition } = context.message.raw as { partition: number };
      const batch = [...(batches.get(partition) ?? []), context];
      batches.set(partition, batch);
      if (batch.length < 300) return;
      for (const one of batch) one.ack();
      settled += batch.length;
    });
    await until(() => settled === 3_600, { what: 'every batch is settled' });
  });
});
