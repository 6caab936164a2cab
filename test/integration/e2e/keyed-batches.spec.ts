import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, Payload, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { keyedBatchScenarios } from '../../support/keyed-batch-scenarios.js';
import { committedOffsets, createTopic, produce, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, deleteStream, events, orders } from './support.js';

jest.setTimeout(60_000);

whenBrokers(describe)('on real servers, batches with concurrency', () => {
  const streams: string[] = [];
  afterEach(async () => {
    await closeApps();
    for (const name of streams.splice(0)) await deleteStream(name);
  });

  keyedBatchScenarios({
    places: {
      'a topic': async () => {
        const topic = await createTopic(uniqueName('keyed'), 1);
        return { broker: 'orders', source: topic, to: topic };
      },
      'a stream': async () => {
        const [name, subject] = [uniqueName('KEYED'), uniqueName('keyed')];
        streams.push(name);
        const source = stream(name, { durable: 'd', subjects: [subject], storage: 'memory' });
        return { broker: 'events', source, to: toStream(subject) };
      },
      'a core subject': async () => {
        const subject = uniqueName('keyed');
        return { broker: 'events', source: subject, to: subject };
      },
    },
    start: async (handlers) => {
      const app = await application([orders(), events()], [handlers]);
      await app.init();
      return { brokers: app.get(MultiBroker) };
    },
  });

  it('of a topic: a poison message holds its own key alone, and the committed offset stays below it', async () => {
    const [topic, groupId] = [await createTopic(uniqueName('keyed'), 1), uniqueName('g')];
    const messages = Array.from({ length: 1_000 }, (_, n) => ({ key: `k${String(n % 50)}`, value: String(n) }));
    await produce(topic, messages);
    const done: number[] = [];
    let isPoison = true;

    @Injectable()
    class Handlers {
      @Subscribe('orders', topic, { batch: { maxSize: 50 }, concurrency: 4, retry: { delayMs: 1 } })
      on(@Payload() numbers: number[]) {
        if (isPoison && numbers.includes(120)) throw new Error('poison');
        done.push(...numbers);
      }
    }
    const app = await application([orders({ groupId, commitIntervalMs: 100 })], [Handlers]);
    await app.init();
    const ofKey = messages.flatMap((_, n) => (n % 50 === 20 && n >= 120 ? [n] : []));
    await until(() => new Set(done).size === 1_000 - ofKey.length, { what: 'all other keys are handled' });
    await until(async () => (await committedOffsets(groupId, topic))[0] === 120, { what: 'all below it is committed' });
    expect(app.get(MultiBroker).get('orders').health().status).toBe('degraded');
    isPoison = false;
    await until(async () => (await committedOffsets(groupId, topic))[0] === 1_000, { what: 'all are committed' });
    const last = done.filter((n) => ofKey.includes(n));
    expect(last).toEqual(ofKey);
  });

  it('of a topic lose nothing and keep the order of each key while a replica joins under load and the first one stops', async () => {
    const [topic, groupId, keys, count] = [await createTopic(uniqueName('keyed'), 4), uniqueName('g'), 100, 6_000];
    const messages = Array.from({ length: count }, (_, n) => ({ key: `k${String(n % keys)}`, value: String(n) }));
    await produce(topic, messages);
    const done = new Set<number>();
    const overtaking: number[] = [];
    const handle = async (numbers: readonly number[]): Promise<void> => {
      for (const [place, n] of numbers.entries())
        if (n >= keys && !done.has(n - keys) && !numbers.slice(0, place).includes(n - keys)) overtaking.push(n);
      await delay(20);
      for (const n of numbers) done.add(n);
    };
    const replica = async () => {
      let handled = 0;

      @Injectable()
      class Handlers {
        @Subscribe('orders', topic, { batch: { maxSize: 10 }, concurrency: 3 })
        async on(@Payload() numbers: number[]) {
          handled += numbers.length;
          await handle(numbers);
        }
      }
      const app = await application([orders({ groupId, consumer: { heartbeatInterval: 200 } })], [Handlers]);
      await app.init();
      return { app, handled: () => handled };
    };
    const first = await replica();
    await until(() => done.size > 300, { what: 'the first one works' });
    const second = await replica();
    await until(() => second.handled() > 200, { what: 'both work', timeoutMs: 20_000 });
    await first.app.close();
    await until(() => done.size === count, { what: 'all are handled', timeoutMs: 30_000 });
    expect(overtaking).toEqual([]);
    await second.app.close();
    const offsets = Object.values(await committedOffsets(groupId, topic));
    expect(offsets.reduce((sum, offset) => sum + offset, 0)).toBe(count);
  });
});
