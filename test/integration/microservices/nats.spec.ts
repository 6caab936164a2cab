import { Controller, Injectable } from '@nestjs/common';
import {
  Ctx,
  EventPattern,
  MessagePattern,
  NatsContext,
  Payload as NestPayload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import { MultiBroker, nestPacket, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { realBrokers, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events } from '../e2e/support.js';
import { closePeers, natsClient, serve } from './support.js';

jest.setTimeout(60_000);

const nest = () => events({ codec: nestPacket });

whenBrokers(describe)('beside the NATS transport of @nestjs/microservices, by codec: nestPacket', () => {
  afterEach(async () => {
    await closePeers();
    await closeApps();
  });

  it('a handler gets what ClientNats.emit() has sent, whatever it is', async () => {
    const subject = uniqueName('emitted');
    const seen: unknown[] = [];

    @Injectable()
    class Orders {
      @Subscribe('events', subject)
      on(@Payload() order: unknown) {
        seen.push(order);
      }
    }
    await (await application([nest()], [Orders])).init();
    const client = await natsClient();
    const sent = [{ id: 7 }, 'text', 7, ['a'], { data: 'mine', pattern: 'mine' }, ''];
    for (const one of sent) await lastValueFrom(client.emit(subject, one as object), { defaultValue: undefined });
    await until(() => seen.length === sent.length, { what: 'all came' });
    expect(seen).toEqual(sent);
  });

  it('ClientNats.send() gets what the handler returns', async () => {
    const subject = uniqueName('asked');

    @Injectable()
    class Orders {
      @Subscribe('events', subject)
      on(@Payload() order: unknown) {
        return order === 'nothing' ? null : order;
      }
    }
    await (await application([nest()], [Orders])).init();
    const client = await natsClient();
    for (const one of [{ id: 7 }, 'text', 7, ['a'], { response: 1 }]) {
      expect(await firstValueFrom(client.send(subject, one))).toEqual(one);
    }
    expect(await firstValueFrom(client.send(subject, 'nothing'))).toBeNull();
  });

  it.each<[string, () => never, unknown]>([
    [
      'an error',
      () => {
        throw new Error('no such order');
      },
      { status: 'error', message: 'no such order' },
    ],
    [
      'an RpcException',
      () => {
        throw new RpcException('no such order');
      },
      { status: 'error', message: 'no such order' },
    ],
    [
      'an RpcException that holds an object',
      () => {
        throw new RpcException({ code: 404 });
      },
      { code: 404 },
    ],
  ])('ClientNats.send() gets the failure of a handler that throws %s', async (_, fails, told) => {
    const subject = uniqueName('failing');

    @Injectable()
    class Orders {
      @Subscribe('events', subject, { retry: { attempts: 1 } })
      on() {
        fails();
      }
    }
    await (await application([nest()], [Orders])).init();
    const client = await natsClient();
    await expect(firstValueFrom(client.send(subject, {}))).rejects.toEqual(told);
  });

  it('one handler speaks so and its broker does not', async () => {
    const [own, plain] = [uniqueName('own'), uniqueName('plain')];

    @Injectable()
    class Orders {
      @Subscribe('events', own, { codec: nestPacket })
      packet(@Payload() order: unknown) {
        return order;
      }

      @Subscribe('events', plain)
      body(@Payload() order: unknown) {
        return order;
      }
    }
    const app = await application([events()], [Orders]);
    await app.init();
    const client = await natsClient();
    expect(await firstValueFrom(client.send(own, 'a'))).toBe('a');
    const broker = app.get(MultiBroker).get('events');
    expect((await broker.request(plain, 'a')).payload).toBe('a');
    expect((await broker.request(own, 'a', { codec: nestPacket })).payload).toBe('a');
  });

  it('an @EventPattern gets what is published, by hand and by @PublishTo', async () => {
    const [subject, source] = [uniqueName('events'), uniqueName('source')];
    const seen: unknown[] = [];
    class Peer {
      @EventPattern(subject)
      on(@NestPayload() data: unknown, @Ctx() context: unknown) {
        seen.push(data, (context as NatsContext).getSubject());
      }
    }
    await serve(Peer, 'nats');

    @Injectable()
    class Orders {
      @Subscribe('events', source)
      @PublishTo('events', subject)
      on(@Payload() order: unknown) {
        return order;
      }
    }
    const app = await application([nest()], [Orders]);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    const sent = [{ id: 7 }, 'text', 7, null];
    for (const one of sent) await broker.publish(subject, one);
    await broker.publish(source, 'passed on');
    await until(() => seen.length === 10, { what: 'all came' });
    expect(seen.filter((_, place) => place % 2 === 0)).toEqual([...sent, 'passed on']);
    expect(new Set(seen.filter((_, place) => place % 2 === 1))).toEqual(new Set([subject]));
  });

  it('a @MessagePattern answers request(), and its failure is the error', async () => {
    const subject = uniqueName('messages');
    class Peer {
      @MessagePattern(subject)
      on(@NestPayload() data: unknown) {
        if (data === 'fail') throw new RpcException('no such order');
        if (data === 'fail by an object') throw new RpcException({ code: 404, message: 'no such order' });
        if (data === 'break') throw new Error('a secret');
        return data === 'several' ? of(1, 2) : { data };
      }
    }
    await serve(Peer, 'nats');
    const app = await application([nest()], []);
    await app.init();
    const ask = (what: unknown) => app.get(MultiBroker).get('events').request(subject, what);
    for (const one of [{ id: 7 }, 'text', 7, null]) expect((await ask(one)).payload).toEqual({ data: one });
    expect((await ask('several')).payload).toBe(1);
    const failure = { code: 'MULTI_BROKER_REQUEST_FAILED', message: expect.stringContaining('no such order') };
    await expect(ask('fail')).rejects.toMatchObject(failure);
    await expect(ask('fail by an object')).rejects.toMatchObject(failure);
    await expect(ask('break')).rejects.toMatchObject({ message: expect.stringContaining('Internal server error') });
    await expect(app.get(MultiBroker).get('events').request(uniqueName('nobody'), 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_NO_RESPONDERS',
    });
  });

  it('a handler that gives several values answers with the last, once', async () => {
    const subject = uniqueName('several');

    @Injectable()
    class Orders {
      @Subscribe('events', subject)
      on() {
        return of(1, 2, 3);
      }
    }
    await (await application([nest()], [Orders])).init();
    expect(await firstValueFrom((await natsClient()).send(subject, {}).pipe(toArray()))).toEqual([3]);
  });

  it('a hybrid application moves handler by handler, and who asks does not notice', async () => {
    const [moved, stays] = [uniqueName('moved'), uniqueName('stays')];

    @Controller()
    class Orders {
      @Subscribe('events', moved, { retry: { attempts: 1 } })
      byUs(@Payload() { id }: { id: number }) {
        return found(id);
      }

      @MessagePattern(stays)
      byNest(@NestPayload() { id }: { id: number }) {
        return found(id);
      }
    }
    const compiled = await application([nest()], [], {}, { controllers: [Orders] });
    const app = compiled.createNestApplication({ logger: false });
    app.connectMicroservice({ transport: Transport.NATS, options: { servers: [realBrokers().nats], queue: 'orders' } });
    await app.startAllMicroservices();
    await app.init();
    const client = await natsClient();
    for (const subject of [moved, stays]) {
      expect(await firstValueFrom(client.send(subject, { id: 7 }))).toEqual({ id: 7, state: 'open' });
      const failing = firstValueFrom(client.send(subject, { id: 0 }));
      await expect(failing).rejects.toEqual({ status: 'error', message: 'no such order' });
    }
    await app.close();
  });
});

function found(id: number) {
  if (id < 1) throw new RpcException('no such order');
  return { id, state: 'open' };
}
