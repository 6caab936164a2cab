import { EventEmitter, once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MultiBroker, Payload, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, orders } from './support.js';

jest.setTimeout(60_000);

/** Asks a group for its members again and again: handlers that run until it has answered run over whatever goes on. */
class Looks {
  readonly memberIds = new Set<string>();
  private readonly admin = kafkaClient().admin();
  private readonly answers = new EventEmitter();

  constructor(private readonly groupId: string) {}

  connect = () => this.admin.connect();

  disconnect = () => this.admin.disconnect();

  next = () => once(this.answers, 'answer');

  async look(): Promise<void> {
    const { groups } = await this.admin.describeGroups([this.groupId]);
    for (const { memberId } of groups[0]!.members) this.memberIds.add(memberId);
    this.answers.emit('answer');
  }

  async during(work: Promise<unknown>): Promise<void> {
    const over = work.then(() => true);
    while (!(await Promise.race([over, this.look()])));
  }

  /** As `until`. */
  until(condition: () => boolean, what: string): Promise<boolean> {
    const holds = async () => {
      await this.look();
      return condition();
    };
    return until(holds, { what, timeoutMs: 30_000, everyMs: 1 });
  }
}

whenBrokers(describe)('ten subscriptions by hand in a busy Kafka group', () => {
  const clients: { disconnect: () => Promise<void> }[] = [];

  // Also after a failure: a client that is left open keeps Jest from ending.
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    await closeApps();
  });

  it('make one join, and no running handler is repeated', async () => {
    const busy = await createTopic(uniqueName('busy'), 4);
    const more = await Promise.all(Array.from({ length: 10 }, () => createTopic(uniqueName('more'), 1)));
    const producer = kafkaClient().producer();
    await producer.connect();
    const messages = Array.from({ length: 200 }, (_, n) => ({ value: String(n), partition: n % 4 }));
    const groupId = uniqueName('group');
    const looks = new Looks(groupId);
    await looks.connect();
    clients.push(producer, looks);
    await producer.send({ topic: busy, messages });
    const calls: string[] = [];
    let running = 0;
    @Injectable()
    class Handler {
      @Subscribe('orders', busy)
      async on(@Payload() text: string) {
        calls.push(text);
        running++;
        await looks.next();
        running--;
      }
    }
    const app = await application([orders({ groupId })], [Handler]);
    await app.init();
    await until(() => running === 4, { what: 'each partition is at work' });
    await looks.look();
    const heard: string[] = [];
    const subscribing = Promise.all(
      more.map((topic) =>
        app
          .get(MultiBroker)
          .get('orders')
          .subscribe(topic, (text: string) => void heard.push(text)),
      ),
    );
    await looks.during(subscribing);
    await looks.look();
    expect(looks.memberIds.size).toBe(2);
    await producer.sendBatch({ topicMessages: more.map((topic) => ({ topic, messages: [{ value: topic }] })) });
    await looks.until(() => new Set(calls).size === 200 && heard.length === 10 && running === 0, 'all is handled');
    expect([calls.length, [...heard].sort()]).toEqual([200, [...more].sort()]);
  });

  it('and one of them that ends repeat none either', async () => {
    const busy = await createTopic(uniqueName('busy'), 4);
    const producer = kafkaClient().producer();
    await producer.connect();
    const messages = Array.from({ length: 200 }, (_, n) => ({ value: String(n), partition: n % 4 }));
    const groupId = uniqueName('group');
    const looks = new Looks(groupId);
    await looks.connect();
    clients.push(producer, looks);
    const calls: string[] = [];
    let running = 0;
    @Injectable()
    class Handler {
      @Subscribe('orders', busy)
      async on(@Payload() text: string) {
        calls.push(text);
        running++;
        await looks.next();
        running--;
      }
    }
    const app = await application([orders({ groupId })], [Handler]);
    await app.init();
    const other = await createTopic(uniqueName('other'), 1);
    const subscription = await app
      .get(MultiBroker)
      .get('orders')
      .subscribe(other, () => undefined);
    await producer.send({ topic: busy, messages });
    await until(() => running === 4, { what: 'each partition is at work' });
    await looks.during(subscription.stop());
    await looks.until(() => new Set(calls).size === 200 && running === 0, 'all is handled');
    expect(calls).toHaveLength(200);
  });
});
