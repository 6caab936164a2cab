import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Observable, of } from 'rxjs';
import { z } from 'zod';
import {
  type BrokerDefinition,
  byHeader,
  Ctx,
  Handlers,
  MessageContext,
  MultiBroker,
  MultiBrokerModule,
  nestKafka,
  Payload,
  type PayloadShape,
  PublishTo,
  Subscribe,
  type Topology,
} from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { useOf } from '../../lib/lifecycle/index.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';
import { fakeBroker } from '../support/fake-kind.js';
import { definition as fake, LifecycleRig } from '../support/lifecycle-rig.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const client = { brokers: ['localhost:9092'] };
const orders = kafkaBroker({ name: 'orders', groupId: 'g', client });
const archive = kafkaBroker({ name: 'archive', groupId: 'g', client: { brokers: ['other:9092'] } });
const events = natsBroker({ name: 'events', client: {} });

class Order {
  id = '';
}
class Receipt {
  total = 0;
}
/** As a `ParseArrayPipe({ items: Order })` of Nest has it, which needs class-validator. */
const parseOrders = { options: { items: Order }, transform: (given: unknown) => given };
const schema = z.object({ id: z.string() });

async function topologyOf(
  handlers: new () => object,
  definitions: readonly BrokerDefinition[] = [orders, archive, events],
): Promise<Topology> {
  const { moduleRef } = await testApp([handlers], { definitions });
  return moduleRef.get(MultiBroker).topology();
}

describe('the topology of an application', () => {
  it('is known before anything is started or connected, of real brokers too', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'created')
      on() {}
    }
    @Module({ imports: [MultiBrokerModule.forRoot([orders])], providers: [Handler] })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const { brokers, handlers } = app.get(MultiBroker).topology();
    expect([brokers.map(({ name }) => name), handlers.map(({ id }) => id)]).toEqual([
      ['orders'],
      ['Handler.on@orders/created'],
    ]);
    expect(app.get(MultiBroker).health().brokers[0]?.reasons).toEqual(['not connected']);
    await app.close();
  });

  it('keeps a topic of one name on two clusters apart', async () => {
    @Injectable()
    class Mirror {
      @Subscribe('orders', 'created')
      @PublishTo('archive', 'created')
      copy() {}

      @Subscribe('archive', 'created')
      kept() {}
    }
    const { handlers } = await topologyOf(Mirror);
    expect(handlers.map(({ id, broker, source }) => [id, broker, source.address])).toEqual([
      ['Mirror.copy@orders/created', 'orders', 'created'],
      ['Mirror.kept@archive/created', 'archive', 'created'],
    ]);
    expect(handlers[0]!.publishTo).toMatchObject([
      { broker: 'archive', destination: { address: 'created', readBy: ['Mirror.kept@archive/created'] } },
    ]);
  });

  it('tells of a topic its group, and its partitions where the application creates it', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', topic('created', { groupId: 'own' }))
      on() {}
    }
    const topics = { created: { partitions: 6, replication: 3, config: { 'retention.ms': '1000' } } };
    const { handlers } = await topologyOf(Handler, [kafkaBroker({ name: 'orders', client, topics })]);
    expect(handlers[0]!.source).toMatchObject({
      name: 'topic created (group own)',
      kind: 'kafka',
      durable: true,
      sharedBy: 'group own',
      description: {
        channel: { kafka: { topic: 'created', partitions: 6, replicas: 3, bindingVersion: '0.5.0' } },
        operation: { kafka: { groupId: { type: 'string', enum: ['own'] }, bindingVersion: '0.5.0' } },
        channelExtensions: { 'x-kafka-config': { 'retention.ms': '1000' } },
      },
    });
  });

  it('tells of a stream its durable and settings, of a subject its queue', async () => {
    @Injectable()
    class Handler {
      @Subscribe('events', stream('SHOP', { durable: 'd', subjects: ['shop.>'], ackWaitMs: 5_000 }))
      @PublishTo('events', toStream('shop.paid', { stream: 'SHOP' }))
      stream() {}

      @Subscribe('events', subject('stock', { queue: 'q' }))
      subject() {}
    }
    const { handlers } = await topologyOf(Handler);
    expect(handlers[0]!.source).toMatchObject({ address: 'SHOP', durable: true });
    expect(handlers[0]!.source.description).toEqual({
      addresses: ['shop.{0}'],
      extensions: { 'x-jetstream': { stream: 'SHOP', durable: 'd', subjects: ['shop.>'], ackWaitMs: 5_000 } },
      channelExtensions: { 'x-jetstream': { stream: 'SHOP', subjects: ['shop.>'] } },
    });
    expect(handlers[0]!.publishTo[0]!.destination).toMatchObject({
      address: 'shop.paid',
      description: { channelExtensions: { 'x-jetstream': { stream: 'SHOP' } } },
      readBy: ['Handler.stream@events/SHOP'],
    });
    expect(handlers[1]!.source.description).toEqual({
      addresses: ['stock'],
      operation: { nats: { queue: 'q', bindingVersion: '0.1.0' } },
    });
  });

  it('names the placeholders of paths, wildcards by their place', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'orders.{region}.{id}')
      @PublishTo('events', 'shipped.{region}')
      path() {}

      @Subscribe('events', 'shipped.*')
      wildcard() {}

      @Subscribe('orders', topic(/^log\.(?<level>\w+)$/))
      regExp() {}
    }
    const { handlers } = await topologyOf(Handler);
    const told = handlers.map(({ source: { paramNames, description } }) => [paramNames, description.addresses]);
    expect(told).toEqual([
      [['region', 'id'], ['orders.{region}.{id}']],
      [['0'], ['shipped.{0}']],
      [['0', 'level'], []],
    ]);
    expect(handlers[0]!.publishTo[0]!.destination).toMatchObject({
      address: 'shipped.{region}',
      placeholders: ['region'],
      readBy: ['Handler.wildcard@events/shipped.*'],
    });
  });

  it('has the addresses of the servers: with the prefixes of broker and class', async () => {
    @Handlers({ broker: 'orders', prefix: 'shop.' })
    class Handler {
      @Subscribe('created')
      @PublishTo('orders', 'done')
      on() {}
    }
    const { handlers } = await topologyOf(Handler, [
      kafkaBroker({ name: 'orders', groupId: 'g', client, prefix: 'test.' }),
    ]);
    expect([handlers[0]!.source.address, handlers[0]!.publishTo[0]!.destination.address]).toEqual([
      'test.shop.created',
      'test.done',
    ]);
  });

  it('lists each of several handlers of one source, with its batch, its policy and its filter', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'created', { filter: byHeader('type', 'a'), batch: { maxSize: 10, maxWaitMs: 5 } })
      some() {}

      @Subscribe('orders', 'created', { ack: 'reject-on-error' })
      rest() {}

      @Subscribe('orders', 'other', { concurrency: 16 })
      other() {}
    }
    const { handlers } = await topologyOf(Handler);
    expect(handlers).toMatchObject([
      { handler: 'Handler.some', filtered: true, batch: { maxSize: 10, maxWaitMs: 5 }, ack: 'nack-on-error' },
      { handler: 'Handler.rest', filtered: false, batch: undefined, ack: 'reject-on-error', concurrency: 1 },
      { handler: 'Handler.other', concurrency: 16 },
    ]);
  });

  it('tells where dead letters go: on which broker, and by the address of each message', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'created', { deadLetter: { broker: 'events', destination: toStream('dead.{source}') } })
      one() {}

      @Subscribe('orders', topic(/^log\.\w+$/), { deadLetter: '{source}.dlq' })
      many() {}

      @Subscribe('events', 'stock')
      none() {}
    }
    const { handlers } = await topologyOf(Handler);
    expect(
      handlers.map(({ deadLetter: letter }) => letter && [letter.broker, letter.destination.address, letter.ofEach]),
    ).toEqual([['events', 'dead.created', false], ['orders', '{source}.dlq', true], undefined]);
  });

  it('shows {source} as it is written where it is only a part of a name', async () => {
    const prefixed = kafkaBroker({ name: 'prefixed', groupId: 'g', client, prefix: 'any.' });
    @Injectable()
    class Handler {
      @Subscribe('orders', topic(/^log/), { deadLetter: 'many-{source}' })
      pattern() {}

      @Subscribe('prefixed', 'orders.{region}', { deadLetter: 'dlq-{source}' })
      path() {}

      @Subscribe('events', 'stock.*', { deadLetter: { broker: 'events', destination: toStream('dead.{source}-dlq') } })
      wildcard() {}

      @Subscribe('orders', topic(/^many-/), { deadLetter: 'dead' })
      letters() {}
    }
    const topology = await topologyOf(Handler, [orders, prefixed, events]);
    const needed = topology.brokers.flatMap(({ name }) => useOf(name, topology).destinations);
    expect(needed.map(({ address }) => address)).toEqual(['dead']);
    expect(topology.handlers.map(({ deadLetter }) => deadLetter?.destination)).toMatchObject([
      {
        address: 'many-{source}',
        name: 'topic many-{source}',
        placeholders: ['source'],
        description: {},
        spec: undefined,
        readBy: ['Handler.letters@orders//^many-/'],
      },
      { address: 'any.dlq-{source}', name: 'topic any.dlq-{source}', spec: undefined },
      { address: 'dead.{source}-dlq', name: 'subject dead.{source}-dlq of a stream', spec: undefined, readBy: [] },
      { address: 'dead' },
    ]);
  });

  it('tells which schema or class a payload has, to read and to publish', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'schema', { schema })
      @PublishTo('events', 'out', { schema, when: () => true, bestEffort: true })
      schema(_: unknown) {}

      @Subscribe('orders', 'class')
      @PublishTo('events', 'out')
      class(@Ctx() _: MessageContext, @Payload() __: Order): Receipt {
        return new Receipt();
      }

      @Subscribe('orders', 'first')
      first(_: Order) {}

      @Subscribe('orders', 'property')
      property(@Payload('id') _: string) {}

      @Subscribe('orders', 'batch', { batch: { maxSize: 2 } })
      batch(@Payload(parseOrders) _: Order[]) {}

      @Subscribe('orders', 'nothing')
      nothing(_: { a: 1 }) {}
    }
    const { handlers } = await topologyOf(Handler);
    // Compared as objects: the tree of a schema is large, and would be printed.
    const shown = ({ schema: one, type }: PayloadShape) =>
      one === schema ? 'schema' : (type as typeof Order | undefined)?.name;
    expect(handlers.map(({ payload }) => shown(payload))).toEqual([
      'schema',
      'Order',
      'Order',
      undefined,
      'Order',
      undefined,
    ]);
    const published = handlers.flatMap(({ publishTo }) => publishTo);
    expect(published.map(({ payload, conditional, bestEffort }) => [shown(payload), conditional, bestEffort])).toEqual([
      ['schema', true, true],
      ['Receipt', false, false],
    ]);
  });

  it('tells which handlers answer requests', async () => {
    @Injectable()
    class Handler {
      @Subscribe('events', 'ask')
      result() {}

      @Subscribe('events', 'always', { reply: true })
      always() {}

      @Subscribe('events', 'listen', { reply: false })
      never(): Receipt {
        return new Receipt();
      }

      @Subscribe('orders', 'kept')
      kept() {}

      @Subscribe('orders', 'nest', { codec: nestKafka })
      nest() {}
    }
    const { handlers } = await topologyOf(Handler);
    expect(handlers.map(({ replies }) => replies)).toEqual(['result', 'always', 'never', 'never', 'result']);
    expect(handlers.map(({ returns }) => returns)).toEqual([
      undefined,
      undefined,
      { type: Receipt },
      undefined,
      undefined,
    ]);
  });

  it('takes no promise and no observable for an answer: every async handler is declared to return one', async () => {
    @Injectable()
    class Handler {
      @Subscribe('events', 'async')
      async asynchronous(): Promise<void> {
        await Promise.resolve();
      }

      @Subscribe('events', 'observed')
      observed(): Observable<string> {
        return of('told');
      }

      @Subscribe('events', 'value')
      value(): object {
        return {};
      }
    }
    const { handlers } = await topologyOf(Handler);
    expect(handlers.map(({ returns }) => returns)).toEqual([undefined, undefined, {}]);
  });

  it('has the brokers of a third party, which need not tell of their servers', async () => {
    @Injectable()
    class Handler {
      @Subscribe('third', 'q')
      on() {}
    }
    const { brokers, handlers } = await topologyOf(Handler, [fakeBroker({ name: 'third', critical: false })]);
    expect(brokers).toEqual([{ name: 'third', kind: 'fake', critical: false, server: undefined }]);
    expect(handlers[0]!.source).toMatchObject({ address: 'q', description: {} });
  });

  it('tells what waits for brokers that are not added yet', async () => {
    const to = { broker: 'late', destination: 'q', options: {} };
    const method = { type: Order, name: 'on' };
    const rig = new LifecycleRig({
      brokers: ['orders'],
      handlers: [
        { handler: 'A.on', broker: 'late', method },
        { handler: 'B.on', broker: 'orders', publishTo: [to], method },
      ],
      options: { allowLateBrokers: true },
    });
    const { handlers, waiting } = rig.multi.topology();
    expect(waiting).toEqual([{ handler: 'A.on', broker: 'late' }]);
    expect(handlers).toMatchObject([
      { handler: 'B.on', publishTo: [{ broker: 'late', destination: { address: 'q', spec: undefined } }] },
    ]);
    await rig.multi.add(fake('late'));
    expect(rig.multi.topology()).toMatchObject({
      handlers: [{ handler: 'A.on' }, { publishTo: [{ destination: { kind: 'fake' } }] }],
      waiting: [],
    });
  });
});

describe('the server of a broker', () => {
  const describe_ = (definition: BrokerDefinition) => definition.describe?.();

  it.each([
    ['nothing to prove', {}, { protocol: 'kafka', tls: false, security: [] }],
    ['TLS', { ssl: true }, { protocol: 'kafka-secure', tls: true, security: [] }],
    ['a certificate', { ssl: { cert: 'S3CRET', key: 'S3CRET' } }, { tls: true, security: ['x509'] }],
    [
      'SASL',
      { sasl: { mechanism: 'scram-sha-256', username: 'S3CRET', password: 'S3CRET' } },
      { security: ['scramSha256'] },
    ],
    [
      'a mechanism of its own',
      { sasl: { mechanism: 'x', authenticationProvider: () => 'S3CRET' } },
      { security: ['custom'] },
    ],
    ['servers that a function tells', { brokers: () => ['S3CRET'] }, { hosts: [] }],
    ['credentials in addresses', { brokers: ['kafka+ssl://u:S3C/R@S3CRET@a:1', 'u:S3CRET@b:2'] }, {}],
    ['no SASL by null', { sasl: null }, { security: [] }],
  ] as const)('tells of Kafka with %s how it is reached, and no secret', (_, options, expected) => {
    const told = describe_(kafkaBroker({ name: 'k', client: { brokers: ['a:1', 'b:2'], ...options } as never }));
    expect(told).toMatchObject({ hosts: ['a:1', 'b:2'], ...expected });
    expect(JSON.stringify(told)).not.toContain('S3CRET');
  });

  it.each([
    ['nothing', {}, { hosts: ['127.0.0.1:4222'], tls: false, security: [] }],
    ['a port', { port: 1 }, { hosts: ['127.0.0.1:1'] }],
    ['URLs', { servers: ['nats://a', 'b:1'] }, { hosts: ['a:4222', 'b:1'] }],
    ['credentials in a URL', { servers: 'tls://user:S3CRET@a:1' }, { hosts: ['a:1'], tls: true }],
    ['a user', { user: 'S3CRET', pass: 'S3CRET' }, { security: ['userPassword'] }],
    ['a token', { token: 'S3CRET' }, { security: ['token'] }],
    ['an authenticator', { authenticator: () => ({ auth_token: 'S3CRET' }) }, { security: ['custom'] }],
    ['a certificate', { tls: { cert: 'S3CRET' } }, { tls: true, security: ['x509'] }],
  ] as const)('tells of NATS with %s how it is reached, and no secret', (_, options, expected) => {
    const told = describe_(natsBroker({ name: 'n', client: options as never }));
    expect(told).toMatchObject({ protocol: 'nats', ...expected });
    expect(JSON.stringify(told)).not.toContain('S3CRET');
  });

  it('has no secret in the whole topology', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'created', { deadLetter: { broker: 'events', destination: 'dead' } })
      on() {}
    }
    const sasl = { mechanism: 'plain', username: 'S3CRET', password: 'S3CRET' } as const;
    const topology = await topologyOf(Handler, [
      kafkaBroker({ name: 'orders', groupId: 'g', client: { ...client, sasl, ssl: { ca: 'S3CRET' } } }),
      natsBroker({ name: 'events', client: { user: 'S3CRET', pass: 'S3CRET', token: 'S3CRET' } }),
    ]);
    expect(JSON.stringify(topology)).not.toContain('S3CRET');
    expect(topology.brokers.map(({ server }) => server?.security)).toEqual([['plain'], ['userPassword', 'token']]);
  });
});
