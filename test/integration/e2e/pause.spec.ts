import { afterEach, describe, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { MultiBroker, type Source } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, realBrokers, startProxy, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, deleteStream, events, orders } from './support.js';

const retry = { attempts: 3, delayMs: 50, factor: 1 };

async function started(): Promise<{ app: TestingModule; brokers: MultiBroker }> {
  const app = await application([orders(), events()], []);
  await app.init();
  return { app, brokers: app.get(MultiBroker) };
}

/** A member of a Kafka group, which has its partitions. */
async function member(groupId: string, topic: string) {
  const app = await application([orders({ groupId })], []);
  await app.init();
  const broker = app.get(MultiBroker).get('orders');
  const seen: unknown[] = [];
  const subscription = await broker.subscribe(topic, (payload) => void seen.push(payload));
  const publishToBoth = async (): Promise<void> => {
    // By the default partitioner the one is of partition 0, the other of 1.
    for (const key of ['a', 'd']) await broker.publish(topic, key, { key });
  };
  return { app, subscription, seen, publishToBoth, unsettled: () => broker.health().counts.unsettled };
}

/** A subscription whose handler always fails. */
async function failing(brokers: MultiBroker, broker: string, source: string | Source) {
  const calls: number[] = [];
  const handler = (): void => {
    calls.push(Date.now());
    throw new Error('no');
  };
  const subscription = await brokers.get(broker).subscribe(source, handler, { retry });
  return { calls, subscription, called: (times: number) => until(() => calls.length >= times, { what: 'calls' }) };
}

whenBrokers(describe)('a subscription that is paused on a real server', () => {
  afterEach(closeApps);

  it('of Kafka calls its failing handler no more, while another goes through all its rounds', async () => {
    const { brokers } = await started();
    const [paused, other] = [await createTopic(uniqueName('paused'), 1), await createTopic(uniqueName('other'), 1)];
    const one = await failing(brokers, 'orders', paused);
    const two = await failing(brokers, 'orders', other);
    await brokers.get('orders').publish(paused, 'x');
    await one.called(1);
    one.subscription.pause();
    const before = one.calls.length;
    await brokers.get('orders').publish(other, 'x');
    await two.called(7);
    expect(one.calls).toHaveLength(before);
    expect(brokers.get('orders').health().notes).toEqual([expect.stringContaining('handler is paused')]);
    one.subscription.resume();
    await one.called(before + 1);
  });

  it('of Kafka calls nothing of the partitions that a rebalance brings, before it is resumed', async () => {
    const group = uniqueName('paused');
    const topic = await createTopic(uniqueName('paused'), 2);
    const [one, two] = [await member(group, topic), await member(group, topic)];
    one.subscription.pause();
    await one.publishToBoth();
    await until(() => two.seen.length === 1, { what: 'the other member handles its partition' });
    await two.app.close();
    await one.publishToBoth();
    await until(() => one.unsettled() === 3, { what: 'all that is left waits here' });
    expect(one.seen).toEqual([]);
    one.subscription.resume();
    await until(() => one.seen.length === 3, { what: 'it is handled' });
  });

  it('of JetStream calls its failing handler no more, while another goes through all its rounds', async () => {
    const name = uniqueName('paused').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    const { brokers } = await started();
    const one = await failing(brokers, 'events', source);
    await brokers.get('events').publish(toStream(`${name}.a`), 'x');
    await one.called(1);
    one.subscription.pause();
    const before = one.calls.length;
    const other = uniqueName('other').replaceAll('-', '_');
    const two = await failing(brokers, 'events', stream(other, { durable: 'd', subjects: [`${other}.>`] }));
    await brokers.get('events').publish(toStream(`${other}.a`), 'x');
    await two.called(7);
    expect(one.calls).toHaveLength(before);
    one.subscription.resume();
    await one.called(before + 1);
    await deleteStream(other);
    await deleteStream(name);
  });

  it('of JetStream gives its message back, which another replica handles', async () => {
    const name = uniqueName('paused').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    const { brokers } = await started();
    const one = await failing(brokers, 'events', source);
    await brokers.get('events').publish(toStream(`${name}.a`), 'x');
    await one.called(1);
    one.subscription.pause();
    const before = one.calls.length;
    const handled: unknown[] = [];
    const replica = await started();
    await replica.brokers.get('events').subscribe(source, (payload) => void handled.push(payload));
    await until(() => handled.length === 1, { what: 'the replica handles it' });
    expect(one.calls).toHaveLength(before);
    await deleteStream(name);
  });

  it('of core NATS is called neither over a reconnect nor before it is resumed', async () => {
    const proxy = await startProxy(Number(new URL([realBrokers().nats].flat()[0]!).port));
    const app = await application([events({ client: { servers: `127.0.0.1:${String(proxy.port)}` } })], []);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    const subject = uniqueName('paused').replaceAll('-', '_');
    const seen: unknown[] = [];
    const subscription = await broker.subscribe(subject, (payload) => void seen.push(payload));
    subscription.pause();
    await broker.publish(subject, 'before');
    proxy.cut();
    await until(() => broker.health().status === 'down', { what: 'the connection is lost' });
    await until(() => broker.health().status === 'up', { what: 'it is back' });
    await broker.publish(subject, 'after');
    await until(() => broker.health().counts.unsettled === 2, { what: 'both wait' });
    expect(seen).toEqual([]);
    subscription.resume();
    await until(() => seen.length === 2, { what: 'both are handled' });
    expect(seen).toEqual(['before', 'after']);
    await app.close();
    await proxy.close();
  });
});
