import { afterEach, describe, expect, it } from '@jest/globals';
import type { Broker, BrokerDefinition, Source } from '../../../lib/index.js';
import { MultiBroker } from '../../../lib/index.js';
import { topic } from '../../../lib/kafka/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, realBrokers, startProxy, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, deleteStream, events, orders } from './support.js';

/** The broker of an application of its own, started. */
async function one(definition: BrokerDefinition): Promise<Broker> {
  const app = await application([definition], []);
  await app.init();
  return app.get(MultiBroker).default;
}

/** The payloads up to and including the last one, each acked by asking for the next, the last one by hand. */
async function take(broker: Broker, source: string | Source, last: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const delivery of broker.messages(source)) {
    seen.push(delivery.payload);
    if (delivery.payload === last) {
      delivery.ack();
      break;
    }
  }
  return seen;
}

whenBrokers(describe)('a loop over messages of a real server', () => {
  afterEach(closeApps);

  it('of Kafka gets all partitions in the order of each, and the next loop what the last has left', async () => {
    const name = await createTopic(uniqueName('pull'), 2);
    const source = topic(name, { groupId: uniqueName('pull') });
    const broker = await one(orders());
    for (const body of ['a1', 'd1', 'a2', 'd2', 'a3']) await broker.publish(name, body, { key: body[0]! });
    const seen: unknown[] = [];
    for await (const { payload } of broker.messages(source)) {
      if (seen.length === 4) break;
      seen.push(payload);
    }
    const rest: unknown[] = [];
    for await (const delivery of broker.messages(source)) {
      rest.push(delivery.payload);
      delivery.ack();
      break;
    }
    const all = [...seen, ...rest] as string[];
    expect(all.filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(all.filter((body) => body.startsWith('d'))).toEqual(['d1', 'd2']);
  });

  it('of Kafka keeps its group and its message while it is slow to ask', async () => {
    const name = await createTopic(uniqueName('pull'), 1);
    const groupId = uniqueName('pull');
    const session = { consumer: { sessionTimeout: 6_000, heartbeatInterval: 500 } };
    const broker = await one(orders(session));
    for (const body of ['a', 'b']) await broker.publish(name, body, { key: 'k' });
    const pull = broker.messages(topic(name, { groupId }))[Symbol.asyncIterator]();
    const first = (await pull.next()).value!;
    const begun = Date.now();
    await until(() => Date.now() - begun > 7_500, { what: 'longer than the session timeout' });
    expect(first.signal.aborted).toBe(false);
    expect((await pull.next()).value?.payload).toBe('b');
    await pull.return?.();
  });

  it('of JetStream takes one message in hand; another replica gets the others meanwhile', async () => {
    const name = uniqueName('pull').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    const [slow, quick] = [await one(events()), await one(events())];
    const pull = slow.messages(source)[Symbol.asyncIterator]();
    const first = pull.next();
    await until(() => slow.health().status === 'up', { what: 'it is up' });
    const seen: unknown[] = [];
    const publish = async (body: string) => slow.publish(toStream(`${name}.x`), body);
    await until(
      () =>
        publish('a').then(
          () => true,
          () => false,
        ),
      { what: 'the stream is there' },
    );
    expect((await first).value?.payload).toBe('a');
    await quick.subscribe(source, (payload) => void seen.push(payload));
    for (const body of ['b', 'c', 'd']) await publish(body);
    await until(() => seen.length >= 2, { what: 'the other replica handles what this loop does not ask for' });
    await pull.return?.();
    await until(() => seen.includes('a') && seen.length === 4, { what: 'it gets what the loop hands back, too' });
    await deleteStream(name);
  });

  it('of JetStream acks by asking, and goes on over a reconnect', async () => {
    const proxy = await startProxy(Number(new URL([realBrokers().nats].flat()[0]!).port));
    const name = uniqueName('pull').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    const direct = await one(events());
    const app = await application([events({ client: { servers: `127.0.0.1:${String(proxy.port)}` } })], []);
    const broker = (await app.init()).get(MultiBroker).default;
    const pull = broker.messages(source)[Symbol.asyncIterator]();
    const first = pull.next();
    await until(() => direct.publish(toStream(`${name}.x`), 'a').then(...told), { what: 'the stream is there' });
    expect((await first).value?.payload).toBe('a');
    const second = pull.next();
    proxy.cut();
    await until(() => broker.health().status === 'down', { what: 'the connection is lost' });
    await direct.publish(toStream(`${name}.x`), 'b');
    expect((await second).value?.payload).toBe('b');
    await pull.return?.();
    expect(await take(direct, source, 'b')).toEqual(['b']);
    await app.close();
    await proxy.close();
    await deleteStream(name);
  });

  it('of core NATS gets messages one by one, and ends by its signal', async () => {
    const broker = await one(events());
    const subject = uniqueName('pull').replaceAll('-', '_');
    const abort = new AbortController();
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const { payload } of broker.messages(subject, { signal: abort.signal })) seen.push(payload);
    })();
    await until(
      async () => {
        await broker.publish(subject, 'x');
        return seen.length >= 3;
      },
      { what: 'it gets them' },
    );
    abort.abort();
    await loop;
    expect(broker.health().counts.running).toBe(0);
  });
});

/** Whether a promise was kept. */
const told = [() => true, () => false] as const;
