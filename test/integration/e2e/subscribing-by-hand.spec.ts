import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MultiBroker, Payload, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, orders } from './support.js';

jest.setTimeout(60_000);

whenBrokers(describe)('ten subscriptions by hand in a busy Kafka group', () => {
  afterEach(closeApps);

  it('make one join, and no running handler is repeated', async () => {
    const busy = await createTopic(uniqueName('busy'), 4);
    const more = await Promise.all(Array.from({ length: 10 }, () => createTopic(uniqueName('more'), 1)));
    const producer = kafkaClient().producer();
    await producer.connect();
    const messages = Array.from({ length: 32 }, (_, n) => ({ value: String(n), partition: n % 4 }));
    await producer.send({ topic: busy, messages });
    const calls: string[] = [];
    let running = 0;
    @Injectable()
    class Handler {
      @Subscribe('orders', busy)
      async on(@Payload() text: string) {
        calls.push(text);
        running++;
        await new Promise((resolve) => setTimeout(resolve, 300));
        running--;
      }
    }
    const groupId = uniqueName('group');
    const app = await application([orders({ groupId })], [Handler]);
    await app.init();
    const admin = kafkaClient().admin();
    await admin.connect();
    const memberIds = new Set<string>();
    const look = async () => {
      for (const { memberId } of (await admin.describeGroups([groupId])).groups[0]!.members) memberIds.add(memberId);
    };
    await until(() => running === 4, { what: 'each partition is at work' });
    await look();
    const heard: string[] = [];
    const subscribing = Promise.all(
      more.map((topic) =>
        app
          .get(MultiBroker)
          .get('orders')
          .subscribe(topic, (text: string) => void heard.push(text)),
      ),
    );
    const settled = subscribing.then(() => true);
    while (!(await Promise.race([settled, look()]))) await look();
    await look();
    expect(memberIds.size).toBe(2);
    await producer.sendBatch({ topicMessages: more.map((topic) => ({ topic, messages: [{ value: topic }] })) });
    await until(() => new Set(calls).size === 32 && heard.length === 10, { what: 'all is handled', timeoutMs: 30_000 });
    expect([calls.length, [...heard].sort()]).toEqual([32, [...more].sort()]);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  });

  it('and one of them that ends repeat none either', async () => {
    const busy = await createTopic(uniqueName('busy'), 4);
    const producer = kafkaClient().producer();
    await producer.connect();
    const messages = Array.from({ length: 16 }, (_, n) => ({ value: String(n), partition: n % 4 }));
    const calls: string[] = [];
    let running = 0;
    @Injectable()
    class Handler {
      @Subscribe('orders', busy)
      async on(@Payload() text: string) {
        calls.push(text);
        running++;
        await new Promise((resolve) => setTimeout(resolve, 300));
        running--;
      }
    }
    const app = await application([orders()], [Handler]);
    await app.init();
    const other = await createTopic(uniqueName('other'), 1);
    const subscription = await app
      .get(MultiBroker)
      .get('orders')
      .subscribe(other, () => undefined);
    await producer.send({ topic: busy, messages });
    await until(() => running === 4, { what: 'each partition is at work' });
    await subscription.stop();
    await until(() => new Set(calls).size === 16, { what: 'all is handled', timeoutMs: 30_000 });
    await until(() => running === 0, { what: 'the last one is over' });
    expect(calls).toHaveLength(16);
    await producer.disconnect();
  });
});
