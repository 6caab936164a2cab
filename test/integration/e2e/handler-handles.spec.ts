import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Broker, type HandlerHandle, MultiBroker, Payload, type Source, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, realBrokers, startProxy, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, deleteStream, events, orders } from './support.js';

/** An application with one handler of this source, started. */
async function reader(definition: ReturnType<typeof orders> | ReturnType<typeof events>, source: string | Source) {
  const seen: unknown[] = [];
  @Injectable()
  class Reader {
    @Subscribe(definition.name, source)
    read(@Payload() payload: unknown) {
      seen.push(payload);
    }
  }
  const app = await application([definition], [Reader]);
  await app.init();
  const brokers = app.get(MultiBroker);
  return { app, seen, handle: brokers.handler(Reader, 'read'), broker: brokers.get(definition.name) };
}

/** By the default partitioner the one is of partition 0, the other of 1. */
async function publishToBoth(broker: Broker, topic: string): Promise<void> {
  for (const key of ['a', 'd']) await broker.publish(topic, key, { key });
}

const waiting = ({ counts }: HandlerHandle): number => counts.unsettled;

whenBrokers(describe)('a handler that is paused on a real server', () => {
  afterEach(closeApps);

  it('of Kafka calls nothing of the partitions that a rebalance brings, before it is resumed', async () => {
    const groupId = uniqueName('paused');
    const topic = await createTopic(uniqueName('paused'), 2);
    const [one, two] = [await reader(orders({ groupId }), topic), await reader(orders({ groupId }), topic)];
    one.handle.pause();
    await publishToBoth(one.broker, topic);
    await until(() => two.seen.length === 1, { what: 'the other member handles its partition' });
    await two.app.close();
    await publishToBoth(one.broker, topic);
    await until(() => waiting(one.handle) === 3, { what: 'all that is left waits here' });
    expect([one.seen, one.handle.state, one.broker.health()]).toMatchObject([
      [],
      'paused',
      { status: 'up', notes: [expect.stringContaining('Reader.read is paused')] },
    ]);
    one.handle.resume();
    await until(() => one.seen.length === 3, { what: 'it is handled' });
    expect(one.handle.counts).toMatchObject({ handled: 3 });
  });

  it('of JetStream is not called over a reconnect, and goes on where it was when it is resumed', async () => {
    const proxy = await startProxy(Number(new URL([realBrokers().nats].flat()[0]!).port));
    const name = uniqueName('paused').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    const { app, seen, handle, broker } = await reader(
      events({ client: { servers: `127.0.0.1:${String(proxy.port)}` } }),
      source,
    );
    await broker.publish(toStream(`${name}.a`), 'first');
    await until(() => seen.length === 1, { what: 'the first is handled' });
    handle.pause();
    await broker.publish(toStream(`${name}.a`), 'before');
    proxy.cut();
    await until(() => broker.health().status === 'down', { what: 'the connection is lost' });
    expect(handle.state).toBe('paused');
    await until(() => broker.health().status === 'up', { what: 'it is back' });
    await broker.publish(toStream(`${name}.a`), 'after');
    expect([seen, handle.state]).toEqual([['first'], 'paused']);
    handle.resume();
    await until(() => seen.length === 3, { what: 'both are handled' });
    expect(seen).toEqual(['first', 'before', 'after']);
    await app.close();
    await proxy.close();
    await deleteStream(name);
  });

  it('of core NATS is not called over a reconnect, and waits while its broker is away', async () => {
    const proxy = await startProxy(Number(new URL([realBrokers().nats].flat()[0]!).port));
    const subject = uniqueName('paused').replaceAll('-', '_');
    const servers = `127.0.0.1:${String(proxy.port)}`;
    const { app, seen, handle, broker } = await reader(events({ client: { servers } }), subject);
    expect(handle.state).toBe('running');
    proxy.cut();
    await until(() => handle.state === 'waiting', { what: 'its broker is away' });
    await until(() => handle.state === 'running', { what: 'it is back' });
    handle.pause();
    proxy.cut();
    await until(() => broker.health().status === 'down', { what: 'the connection is lost' });
    await until(() => broker.health().status === 'up', { what: 'it is back' });
    await broker.publish(subject, 'after');
    await until(() => waiting(handle) === 1, { what: 'it waits' });
    expect(seen).toEqual([]);
    handle.resume();
    await until(() => seen.length === 1, { what: 'it is handled' });
    await app.close();
    await proxy.close();
  });
});

whenBrokers(describe)('lag() of a handler on a real server', () => {
  afterEach(closeApps);

  it('of Kafka is that of its group over all members, and 0 once all is committed', async () => {
    const groupId = uniqueName('lag');
    const topic = await createTopic(uniqueName('lag'), 2);
    const [one, two] = [await reader(orders({ groupId }), topic), await reader(orders({ groupId }), topic)];
    await hasLag(one.handle, 0);
    one.handle.pause();
    two.handle.pause();
    await publishToBoth(one.broker, topic);
    await publishToBoth(one.broker, topic);
    await hasLag(one.handle, 4);
    await hasLag(two.handle, 4);
    two.handle.resume();
    await hasLag(one.handle, 2);
    one.handle.resume();
    await hasLag(two.handle, 0);
  });

  it('of JetStream counts what was delivered and is not settled, and what was not delivered', async () => {
    const name = uniqueName('lag').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    const { handle, broker, seen } = await reader(events(), source);
    await hasLag(handle, 0);
    handle.pause();
    for (const body of ['a', 'b', 'c']) await broker.publish(toStream(`${name}.x`), body);
    await hasLag(handle, 3);
    handle.resume();
    await hasLag(handle, 0);
    expect(seen).toEqual(['a', 'b', 'c']);
    await deleteStream(name);
  });

  it('of core NATS is undefined', async () => {
    const { handle } = await reader(events(), uniqueName('lag').replaceAll('-', '_'));
    expect(await handle.lag()).toBeUndefined();
  });
});

/** Waits until it is this, which for Kafka takes a commit. */
async function hasLag(handle: HandlerHandle, wanted: number): Promise<void> {
  let lag = await handle.lag();
  for (const end = Date.now() + 15_000; lag !== wanted && Date.now() < end;) lag = await handle.lag();
  expect(lag).toBe(wanted);
}
