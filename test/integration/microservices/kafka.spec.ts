import { Injectable } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload as NestPayload, RpcException } from '@nestjs/microservices';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { MultiBroker, nestKafka, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, orders } from '../e2e/support.js';
import { closePeers, kafkaClient, serve } from './support.js';

jest.setTimeout(120_000);

const nest = () => orders({ codec: nestKafka, ack: 'reject-on-error', retry: { attempts: 1 } });

async function topicWithReplies(name: string, partitions: number): Promise<string> {
  const topic = await createTopic(uniqueName(name), 1);
  await createTopic(`${topic}.reply`, partitions);
  return topic;
}

whenBrokers(describe)('beside the Kafka transport of @nestjs/microservices, by codec: nestKafka', () => {
  afterEach(async () => {
    await closePeers();
    await closeApps();
  });

  it('a handler gets what ClientKafka.emit() has sent, as an @EventPattern does', async () => {
    const topic = await createTopic(uniqueName('emitted'));
    const [seen, byNest]: [unknown[], unknown[]] = [[], []];

    @Injectable()
    class Orders {
      @Subscribe('orders', topic)
      on(@Payload() order: unknown) {
        seen.push(order);
      }
    }
    class Peer {
      @EventPattern(topic)
      on(@NestPayload() order: unknown) {
        byNest.push(order);
      }
    }
    await (await application([nest()], [Orders])).init();
    await serve(Peer, 'kafka', uniqueName('peer'));
    const client = await kafkaClient(uniqueName('client'), []);
    const sent = [{ id: 7 }, 'text', 7, ['a'], '{ no JSON', '7'];
    for (const one of sent) await lastValueFrom(client.emit(topic, one), { defaultValue: undefined });
    await until(() => seen.length === sent.length && byNest.length === sent.length, { what: 'all came to both' });
    expect(seen).toEqual([{ id: 7 }, 'text', '7', ['a'], '{ no JSON', '7']);
    expect(seen).toEqual(byNest);
  });

  it('ClientKafka.send() gets what the handler returns, or its failure, on the partition that it reads', async () => {
    const topic = await topicWithReplies('asked', 3);

    @Injectable()
    class Orders {
      @Subscribe('orders', topic)
      on(@Payload() order: { fail?: string }) {
        if (order.fail === 'rpc') throw new RpcException({ code: 404 });
        if (order.fail !== undefined) throw new Error(order.fail);
        return order;
      }
    }
    await (await application([nest()], [Orders])).init();
    const clients = [await kafkaClient(uniqueName('client'), [topic]), await kafkaClient(uniqueName('other'), [topic])];
    for (const client of clients) {
      const ask = (what: object | string) => firstValueFrom(client.send(topic, what));
      expect(await ask({ id: 7 })).toEqual({ id: 7 });
      expect(await ask('text')).toBe('text');
      await expect(ask({ fail: 'no such order' })).rejects.toEqual({ status: 'error', message: 'no such order' });
      await expect(ask({ fail: 'rpc' })).rejects.toEqual({ code: 404 });
    }
  });

  it('an @EventPattern gets what is published, by hand and by @PublishTo', async () => {
    const [topic, source] = [await createTopic(uniqueName('events')), await createTopic(uniqueName('source'))];
    const seen: unknown[] = [];
    class Peer {
      @EventPattern(topic)
      on(@NestPayload() data: unknown) {
        seen.push(data);
      }
    }
    await serve(Peer, 'kafka', uniqueName('peer'));

    @Injectable()
    class Orders {
      @Subscribe('orders', source)
      @PublishTo('orders', topic)
      on(@Payload() order: unknown) {
        return order;
      }
    }
    const app = await application([nest()], [Orders]);
    await app.init();
    const broker = app.get(MultiBroker).get('orders');
    for (const one of [{ id: 7 }, 'text', 7]) await broker.publish(topic, one);
    await broker.publish(source, { passed: 'on' });
    await until(() => seen.length === 4, { what: 'all came' });
    expect(seen).toEqual([{ id: 7 }, 'text', '7', { passed: 'on' }]);
  });

  it('a @MessagePattern answers request(), and its failure is the error', async () => {
    const topic = await topicWithReplies('messages', 2);
    class Peer {
      @MessagePattern(topic)
      on(@NestPayload() data: unknown) {
        if (data === 'fail') throw new RpcException('no such order');
        return { data };
      }
    }
    await serve(Peer, 'kafka', uniqueName('peer'));
    const app = await application([nest()], []);
    await app.init();
    const ask = (what: unknown) => app.get(MultiBroker).get('orders').request(topic, what, { timeoutMs: 30_000 });
    expect((await ask({ id: 7 })).payload).toEqual({ data: { id: 7 } });
    expect((await Promise.all([ask('one'), ask('two')])).map(({ payload }) => payload)).toEqual([
      { data: 'one' },
      { data: 'two' },
    ]);
    await expect(ask('fail')).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_FAILED',
      message: expect.stringContaining('no such order'),
    });
  });
});
