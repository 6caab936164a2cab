import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, ParseIntPipe, type Type } from '@nestjs/common';
import {
  Ctx,
  MessageContext,
  MessageParam,
  type MessageParams,
  outgoing,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const problemsOf = (provider: Type): Promise<string> =>
  testApp([provider]).then(
    () => 'started',
    (thrown: unknown) => String(thrown),
  );

const PATH = 'orders.{region}.{id}';

describe.each([
  ['core NATS', 'events', PATH, 'orders.eu.7'],
  ['JetStream', 'events', stream('ORDERS', { durable: 'd', subjects: [PATH] }), toStream('orders.eu.7')],
  [
    'a JetStream filter',
    'events',
    stream('ALL', { durable: 'd', subjects: ['orders.>'], filter: PATH }),
    toStream('orders.eu.7'),
  ],
  ['Kafka', 'orders', PATH, 'orders.eu.7'],
] as const)('a source path of %s', (_, broker, source, to) => {
  it('gives its placeholders as params, and fills those of a destination', async () => {
    const seen: unknown[] = [];

    @Injectable()
    class Orders {
      @Subscribe(broker as string, source as string)
      @PublishTo('events', 'seen.{id}.{region}')
      @PublishTo('orders', 'kept.{region}')
      each(@MessageParam('id', ParseIntPipe) id: number, @MessageParam() all: MessageParams<typeof PATH>) {
        seen.push([id, { ...all }]);
        return id;
      }
    }
    const { harness } = await testApp([Orders]);
    await harness.publish(broker, to, 'x');
    expect(seen).toEqual([[7, { region: 'eu', id: '7' }]]);
    expect(harness.published('events', 'seen.7.eu')).toMatchObject([{ payload: 7 }]);
    expect(harness.published('orders', 'kept.eu')).toMatchObject([{ payload: 7 }]);
  });
});

describe('a destination path', () => {
  it.each(['', 'a.b', '*', '>', 'a b', 'a\tb', undefined])(
    'is never filled with %j: the message fails for good',
    async (id) => {
      @Injectable()
      class Orders {
        @Subscribe('orders', 'in', { ack: 'reject-on-error' })
        nats() {
          return undefined;
        }

        @Subscribe('events', 'in.{id}', { ack: 'reject-on-error' })
        @PublishTo('events', 'out.{id}')
        @PublishTo('orders', 'out.{id}')
        each() {
          return outgoing('x', { params: { id: id as string } });
        }
      }
      const { harness } = await testApp([Orders]);
      const failure: unknown = await harness.publish('events', 'in.7', 1).catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({ code: 'MULTI_BROKER_ADDRESS_INVALID', retryable: false });
      expect(harness.published('orders')).toEqual([]);
      expect(harness.published('events').map(({ destination }) => destination)).toEqual(['in.7']);
      expect(harness.deliveries({ handler: 'Orders.each' })[0]?.attempts).toHaveLength(1);
    },
  );

  it('of outgoing() is filled by hand, before what the source gives', async () => {
    @Injectable()
    class Orders {
      @Subscribe('events', 'in.{id}')
      @PublishTo('events', 'out')
      each() {
        return outgoing('x', { destination: 'out.{id}.{region}', params: { region: 'eu' } });
      }
    }
    const { harness } = await testApp([Orders]);
    await harness.publish('events', 'in.7', 1);
    expect(harness.published('events', 'out.7.eu')).toHaveLength(1);
  });

  it('of publish() is filled by params, or refused', async () => {
    const { harness, broker } = await testApp([]);
    await broker('events').publish('out.{id}', 1, { params: { id: '1' } });
    await broker('orders').publishBatch('out.{id}', [outgoing(1, { params: { id: '2' } }), 1], { params: { id: '3' } });
    expect(harness.published('events').map(({ destination }) => destination)).toEqual(['out.1']);
    expect(harness.published('orders').map(({ destination }) => destination)).toEqual(['out.2', 'out.3']);
    await expect(broker('events').publish('out.{id}', 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_ADDRESS_INVALID',
      message: expect.stringContaining("the value of 'id': there is none"),
    });
  });

  it('has the prefix of its broker', () => {
    const kafka = kafkaBroker({ name: 'k', groupId: 'g', prefix: 'eu.', client: { brokers: ['x:1'] } });
    const nats = natsBroker({ name: 'n', prefix: 'eu.', client: {} });
    for (const definition of [kafka, nats]) {
      expect(definition.destination('a.{id}').fill?.({ id: '7' }).address).toBe('eu.a.7');
    }
    expect(kafka.source('a.{id}')).toMatchObject({ address: 'eu.a.{id}', paramNames: ['id'] });
    expect(nats.source('a.{id}.*')).toMatchObject({ address: 'eu.a.*.*', paramNames: ['id', '1'] });
  });

  it('of a dead letter is filled as well', async () => {
    @Injectable()
    class Orders {
      @Subscribe('events', 'in.{id}', { ack: 'reject-on-error', deadLetter: 'parked.{id}' })
      each(@Ctx() _context: MessageContext, @Payload() _payload: unknown) {
        throw new Error('no');
      }
    }
    const { harness } = await testApp([Orders]);
    await harness.publish('events', 'in.7', 1).catch(() => undefined);
    expect(harness.published('events', 'parked.7')).toHaveLength(1);
  });
});

describe('the wiring check refuses', () => {
  it.each([
    ['in.{id}', 'out.{ident}', /subject out\.\{ident\} has the placeholder 'ident', and subject in\.\* has 'id'/],
    ['in', 'out.{id}', /has the placeholder 'id', and subject in has none/],
    ['in.{id}', 'out.{id}.{id}', /"out\.\{id\}\.\{id\}" of broker 'events' has the placeholder 'id' twice/],
    ['in.{id}', 'out.{id', /has a brace that is part of no placeholder/],
    ['in.{id}', 'out.a{id}', /has a brace that is part of no placeholder/],
    ['in.{}', 'out', /has a brace that is part of no placeholder/],
    ['in.{id}.{id}', 'out', /has the placeholder 'id' twice/],
  ])('from %s to %s', async (source, destination, problem) => {
    @Injectable()
    class Orders {
      @Subscribe('events', source)
      @PublishTo('events', destination)
      each() {}
    }
    expect(await problemsOf(Orders)).toMatch(problem);
  });
});

describe('a name of @MessageParam() that no source of its method has', () => {
  it.each([
    [
      'a path of Kafka',
      'orders',
      'orders.{region}.{id}',
      'regin',
      "names no param of topic orders.{region}.{id} (group g) (did you mean 'region'?)",
    ],
    ['a RegExp', 'orders', topic(/^(?<region>\w+)\.(\w+)$/), '2', "(known: '0', '1', 'region')"],
    ['core NATS', 'events', 'orders.*.{id}', 'idd', "names no param of subject orders.*.* (did you mean 'id'?)"],
    ['a stream', 'events', stream('S', { durable: 'd', subjects: ['orders.{id}'] }), 'ids', "(did you mean 'id'?)"],
    ['a source without params', 'orders', 'created', 'id', '(known: none)'],
  ] as const)('is a wiring error: %s', async (_, broker, source, name, expected) => {
    @Injectable()
    class Orders {
      @Subscribe(broker as string, source as string)
      handle(@MessageParam(name) value: string) {
        return value;
      }
    }
    const problems = await problemsOf(Orders);
    expect(problems).toContain(`Orders.handle`);
    expect(problems).toContain(`@MessageParam('${name}')`);
    expect(problems).toContain(expected);
    expect(problems).toContain('MULTI_BROKER_PARAMETER');
  });

  it('is none where another source of the method has it', async () => {
    const seen: unknown[] = [];

    @Injectable()
    class Orders {
      @Subscribe('orders', 'orders.{id}')
      @Subscribe('events', 'created')
      handle(@MessageParam('id') id?: string) {
        seen.push(id);
      }
    }
    const { harness } = await testApp([Orders]);
    await harness.publish('orders', 'orders.7', 1);
    await harness.publish('events', 'created', 1);
    expect(seen).toEqual(['7', undefined]);
  });
});
