import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, ParseIntPipe } from '@nestjs/common';
import { Ctx, MessageContext, MessageParam, MultiBroker, PublishTo, Subscribe } from '../../../lib/index.js';
import { topic } from '../../../lib/kafka/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

whenBrokers(describe)('paths on real servers', () => {
  afterEach(closeApps);

  it('params go from a Kafka topic to a stream, and from there to core NATS, each to its own subject', async () => {
    const name = uniqueName('P').replaceAll('-', '');
    const topics = ['eu.7', 'us.8'].map((one) => `${name}.${one}`);
    for (const one of topics) await createTopic(one, 1);
    const seen: unknown[] = [];

    @Injectable()
    class Paths {
      @Subscribe('orders', `${name}.{region}.{id}`)
      @PublishTo('events', toStream(`kept.${name}.{id}.{region}`))
      fromKafka(@MessageParam('id', ParseIntPipe) id: number) {
        return id;
      }

      @Subscribe('events', stream(name, { durable: 'd', subjects: [`kept.${name}.{id}.{region}`], storage: 'memory' }))
      @PublishTo('events', `heard.${name}.{region}`)
      fromStream(@MessageParam('id') id: string) {
        return id;
      }

      @Subscribe('events', `heard.${name}.{region}`)
      heard(@MessageParam() params: unknown) {
        seen.push(params);
      }
    }
    const app = await application([orders(), events()], [Paths]);
    await app.init();
    const broker = app.get(MultiBroker).get('orders');
    for (const one of topics) await broker.publish(one, 'x');
    await until(() => seen.length === 2, { what: 'both messages' });
    expect(seen).toEqual(expect.arrayContaining([{ region: 'eu' }, { region: 'us' }]));
  });

  it('{source} of a dead letter is the topic or subject of each message, from a path, a RegExp and a wildcard', async () => {
    const name = uniqueName('P').replaceAll('-', '');
    for (const one of [`${name}.eu.a`, `${name}.us.b`]) await createTopic(one, 1);
    const dead = { broker: 'events', destination: toStream(`letters-of.{source}`) };
    const options = { deadLetter: dead, ack: 'reject-on-error' } as const;
    const letters: string[] = [];

    @Injectable()
    class Letters {
      @Subscribe('orders', `${name}.{region}.a`, options)
      ofPath() {
        throw new Error('no');
      }

      @Subscribe('orders', topic(new RegExp(`^${name}\\.\\w+\\.b$`), { groupId: uniqueName('g') }), options)
      ofRegExp() {
        throw new Error('no');
      }

      @Subscribe('events', `${name}.*.c`, options)
      ofWildcard() {
        throw new Error('no');
      }

      @Subscribe('events', stream(name, { durable: 'd', subjects: [`letters-of.${name}.>`], storage: 'memory' }), {
        deadLetter: false,
      })
      letter(@Ctx() { source }: MessageContext) {
        letters.push(source);
      }
    }
    const app = await application([orders(), events()], [Letters]);
    await app.init();
    const brokers = app.get(MultiBroker);
    for (const one of ['eu.a', 'us.b']) await brokers.get('orders').publish(`${name}.${one}`, 'x');
    await brokers.get('events').publish(`${name}.eu.c`, 'x');
    await until(() => letters.length === 3, { what: 'all letters' });
    expect(letters.sort()).toEqual(['eu.a', 'eu.c', 'us.b'].map((one) => `letters-of.${name}.${one}`));
  });
});
