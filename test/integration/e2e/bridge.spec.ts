import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Ctx, MessageContext, MultiBroker, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, readAll, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

whenBrokers(describe)('a bridge on real brokers', () => {
  afterEach(closeApps);

  it('carries a message from Kafka to NATS, with correlation id, trace and content type, key and headers if asked', async () => {
    const [incoming, out] = [uniqueName('incoming'), uniqueName('outgoing')];
    const seen: MessageContext[] = [];

    @Injectable()
    class Bridge {
      @Subscribe('orders', incoming)
      @PublishTo('events', out, { forward: { key: true, headers: ['tenant'] } })
      fromKafka(@Payload() order: { id: number }) {
        return { id: order.id + 1 };
      }

      @Subscribe('events', out)
      fromNats(@Ctx() context: MessageContext) {
        seen.push(context);
      }
    }
    const app = await application([orders(), events()], [Bridge]);
    await app.init();
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const headers = { tenant: 'acme', other: 'stays', traceparent, 'correlation-id': 'c-1' };
    await app.get(MultiBroker).get('orders').publish(incoming, { id: 1 }, { key: 'k', headers });
    await until(() => seen.length === 1, { what: 'the message arrived' });
    expect(seen[0]!.message).toMatchObject({ payload: { id: 2 }, key: 'k', correlationId: 'c-1', attempt: 1 });
    expect(seen[0]!.message.headers).toMatchObject({ tenant: 'acme', traceparent });
    expect(seen[0]!.message.headers).toMatchObject({ 'content-type': 'application/json', 'multi-broker-hops': '1' });
    expect(seen[0]!.message.headers).not.toHaveProperty('other');
    expect(seen[0]!.broker).toBe(app.get(MultiBroker).get('events'));
  });

  it('carries messages from JetStream to Kafka and acks them when Kafka has confirmed', async () => {
    const [subject, topic, name] = [uniqueName('in'), await createTopic(uniqueName('out'), 2), uniqueName('STREAM')];
    const source = stream(name, { durable: 'bridge', subjects: [subject], storage: 'memory' });

    @Injectable()
    class Bridge {
      @Subscribe('events', source)
      @PublishTo('orders', topic)
      fromStream(@Payload() value: { id: number }) {
        return value.id === 2 ? outgoing(null, { key: 'gone' }) : outgoing(value, { key: String(value.id) });
      }
    }
    const app = await application([orders(), events()], [Bridge]);
    await app.init();
    const brokers = app.get(MultiBroker);
    for (const id of [1, 2, 3]) await brokers.get('events').publish(toStream(subject), { id });
    await until(() => brokers.get('events').health().counts.handled === 3, { what: 'all handled' });
    await app.close();
    const records = await readAll(topic);
    expect(new Map(records.map(({ key, value }) => [key, value]))).toEqual(
      new Map([
        ['1', '{"id":1}'],
        ['gone', null],
        ['3', '{"id":3}'],
      ]),
    );
  });

  it('answers a request over NATS with what the handler returned, after its publisher', async () => {
    const [subject, topic] = [uniqueName('prices'), await createTopic(uniqueName('asked'))];

    @Injectable()
    class Prices {
      @Subscribe('events', subject)
      @PublishTo('orders', topic)
      price(@Payload() { sku }: { sku: string }) {
        if (sku === 'none') throw new Error('no such article');
        return { sku, price: 10 };
      }
    }
    const app = await application([orders(), events({ retry: { attempts: 1 } })], [Prices]);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    const answer = await broker.request<{ price: number }>(subject, { sku: 'A' });
    expect(answer.payload.price).toBe(10);
    expect(await readAll(topic)).toHaveLength(1);
    await expect(broker.request(subject, { sku: 'none' })).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_FAILED',
      message: expect.stringContaining('no such article') as unknown,
    });
    await expect(broker.request(uniqueName('nobody'), 1)).rejects.toMatchObject({ code: 'MULTI_BROKER_NO_RESPONDERS' });
    await expect(app.get(MultiBroker).get('orders').request(topic, 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_UNSUPPORTED',
    });
  });
});
