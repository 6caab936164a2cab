import { Injectable, Module, type ModuleMetadata, Scope } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { fromConfig, PublishTo, Subscribe } from '../../lib/index.js';
import { checkWiring, type Wiring } from '../../lib/handlers/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { Handlers } from '../support/nest-handlers.js';

const ALL: Record<string, unknown> = { GROUP: 'billing', TOPIC: 'incoming', OUT: 'outgoing', OFF: false };

@Injectable()
class ConfigService {
  get<T = string>(name: string): T {
    return ALL[name] as T;
  }
}

@Module({ providers: [ConfigService], exports: [ConfigService] })
class ConfigModule {}

const kafka = kafkaBroker({ name: 'orders', groupId: 'shop', client: { brokers: ['127.0.0.1:1'] } });
const nats = natsBroker({ name: 'events', client: {} });

interface Wired extends Wiring {
  readonly told: string[];
  readonly leftOut: readonly string[];
}

async function wired(metadata: ModuleMetadata): Promise<Wired> {
  const handlers = await Handlers.of(metadata);
  const { declarations, problems, leftOut } = handlers.explorer.explore();
  const wiring = checkWiring(declarations, new Map([kafka, nats].map((definition) => [definition.name, definition])), {
    allowLateBrokers: false,
  });
  return { ...wiring, leftOut, told: [...problems, ...wiring.problems].map(({ message }) => message) };
}

const of = (...providers: NonNullable<ModuleMetadata['providers']>) => wired({ imports: [ConfigModule], providers });

describe('fromConfig()', () => {
  it('gives all options of a handler, the group of its source among them', async () => {
    @Injectable()
    class Orders {
      @Subscribe(
        'orders',
        'incoming',
        fromConfig(ConfigService, (config) => ({ groupId: config.get('GROUP'), enabled: true, ack: 'manual' })),
      )
      on() {}
    }
    const { bindings, told } = await of(Orders);
    expect(told).toEqual([]);
    expect(bindings).toMatchObject([{ ack: 'manual', source: { topic: 'incoming', groupId: 'billing' } }]);
  });

  it('gives one option, a source, a destination and the options of a publisher', async () => {
    @Injectable()
    class Orders {
      @Subscribe(
        kafka,
        fromConfig(ConfigService, (config) => topic(config.get('TOPIC'), { groupId: config.get('GROUP') })),
        { retry: fromConfig(ConfigService, () => ({ attempts: 7 })), maxProcessingMs: 5 },
      )
      @PublishTo(
        'events',
        fromConfig(ConfigService, (config) => toStream(config.get('OUT'))),
        fromConfig('KEY', (key: string) => ({ key })),
      )
      on() {}
    }
    const { bindings, told } = await of(Orders, { provide: 'KEY', useFactory: async () => 'k' });
    expect(told).toEqual([]);
    expect(bindings).toMatchObject([
      {
        source: { topic: 'incoming', groupId: 'billing' },
        retry: { attempts: 7 },
        maxProcessingMs: 5,
        routes: [{ broker: 'events', destination: { subject: 'outgoing' }, key: 'k' }],
        targets: ['events'],
      },
    ]);
  });

  it('leaves an option as it is by default where it gives undefined', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', topic('incoming', { groupId: 'own' }), {
        ack: fromConfig(ConfigService, (config) => config.get<undefined>('NONE')),
        groupId: fromConfig(ConfigService, (config) => config.get<undefined>('NONE')),
      })
      on() {}
    }
    const { bindings } = await of(Orders);
    expect(bindings).toMatchObject([{ ack: 'nack-on-error', source: { groupId: 'own' } }]);
  });

  it('asks what the module of the handler itself provides, so that two modules may read as two groups', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { groupId: fromConfig('GROUP', (group: string) => group) })
      on() {}
    }
    const [one, other] = ['one', 'other'].map((group) => {
      @Module({ providers: [Orders, { provide: 'GROUP', useValue: group }] })
      class Feature {}
      return Feature;
    });
    const { bindings, told } = await wired({ imports: [one!, other!] });
    expect(told).toEqual([]);
    expect(bindings).toMatchObject([{ source: { groupId: 'one' } }, { source: { groupId: 'other' } }]);
  });

  it('of one class gives each application its own values, as what is fixed is remembered', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'fixed', { maxProcessingMs: fromConfig('MS', (ms: number) => ms) })
      one() {}
      @Subscribe('orders', fromConfig('MS', (ms: number) => `topic-${String(ms)}`))
      other() {}
    }
    for (const ms of [5, 6]) {
      const { bindings } = await of(Orders, { provide: 'MS', useValue: ms });
      expect(bindings).toMatchObject([{ maxProcessingMs: ms }, { source: { topic: `topic-${String(ms)}` } }]);
    }
  });

  it('is read once', async () => {
    let read = 0;
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { reply: fromConfig(ConfigService, () => ++read > 0) })
      on() {}
    }
    const handlers = await Handlers.of({ imports: [ConfigModule], providers: [Orders] });
    handlers.explorer.explore();
    handlers.explorer.explore();
    expect(read).toBe(1);
  });
});

describe('a mistake of fromConfig() is a wiring error that names handler, option and token:', () => {
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {}

  it.each([
    ['a token that nothing provides', fromConfig('NOPE', () => true), /from NOPE, cannot be read: .*NOPE/],
    ['a provider of a request', fromConfig(PerRequest, () => true), /from PerRequest, cannot be read: .*PerRequest/],
    [
      'a function that throws',
      fromConfig(ConfigService, (): boolean => {
        throw new Error('REPLY is not set');
      }),
      /from ConfigService, cannot be read: REPLY is not set/,
    ],
    [
      'a promise',
      fromConfig(ConfigService, async () => true) as never,
      /from ConfigService, is a promise: return the value itself/,
    ],
  ])('%s', async (_, reply, expected) => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { reply })
      on() {}

      @Subscribe('oders', 'incoming')
      other() {}
    }
    const { told, bindings } = await of(Orders, PerRequest);
    expect(bindings).toEqual([]);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^Orders\.on: the option reply of @Subscribe, /);
    expect(told[0]).toMatch(expected);
    expect(told[1]).toContain("did you mean 'orders'?");
  });

  it('a value that the option cannot have, a source that is not there, options that are none', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { reply: fromConfig(ConfigService, () => 'no') as never })
      reply() {}

      @Subscribe('orders', fromConfig(ConfigService, (config) => config.get('NO_TOPIC')))
      source() {}

      @Subscribe('orders', 'other', fromConfig(ConfigService, () => undefined as never))
      options() {}

      @Subscribe('orders', 'more', fromConfig(ConfigService, () => ({ grupId: 'x' })) as never)
      unknown() {}
    }
    const { told } = await of(Orders);
    expect(told.map((message) => message.replace(/: .*/s, ''))).toHaveLength(4);
    expect(told.join('\n')).toContain('Orders.options: the options of @Subscribe are undefined, not an object');
    expect(told.join('\n')).toContain('the option reply must be true or false');
    expect(told.join('\n')).toMatch(/Orders\.source.* the source of @Subscribe is undefined/);
    expect(told.join('\n')).toContain("there is no option 'grupId'; did you mean 'groupId'?");
  });
});

describe('the options of a source may stand among those of its handler', () => {
  it('of Kafka and of NATS', async () => {
    @Injectable()
    class Orders {
      @Subscribe(kafka, 'incoming', { groupId: 'x', fromBeginning: false })
      @Subscribe('events', 'created', { queue: 'q' })
      @Subscribe(nats, stream('ORDERS', { durable: 'default' }), { durable: 'd', ackWaitMs: 500 })
      on() {}
    }
    const { bindings, told } = await of(Orders);
    expect(told).toEqual([]);
    expect(bindings.map(({ source }) => source)).toMatchObject([
      { consumer: 'd', options: { ackWaitMs: 500 } },
      { subject: 'created', queue: 'q' },
      { topic: 'incoming', groupId: 'x', fromBeginning: false },
    ]);
  });

  it('and are refused where its source has none of them', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { durable: 'd' })
      kafka() {}

      @Subscribe('events', 'created', { durable: 'd' })
      core() {}
    }
    const { told } = await of(Orders);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/Orders\.kafka.*there is no option 'durable'/);
    expect(told[1]).toMatch(/Orders\.core.*subject\(\): there is no option 'durable'/);
  });
});

describe('enabled: false', () => {
  it('leaves the handler out, with its mistakes and its claim of a source, and says so', async () => {
    @Injectable()
    class Orders {
      @Subscribe('nowhere', 'incoming', { enabled: false })
      @Subscribe('orders', 'incoming', fromConfig(ConfigService, (config) => ({ enabled: config.get<boolean>('OFF') })))
      off() {}

      @Subscribe('orders', 'incoming', { enabled: true })
      on() {}
    }
    const { bindings, told, leftOut } = await of(Orders);
    expect(told).toEqual([]);
    expect(bindings.map(({ handler }) => handler)).toEqual(['Orders.on']);
    expect(leftOut).toEqual([
      "Orders.off does not read incoming of broker 'orders': enabled is false",
      "Orders.off does not read incoming of broker 'nowhere': enabled is false",
    ]);
  });

  it('as a text is a mistake: it would be true', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming', { enabled: fromConfig(ConfigService, () => 'false') as never })
      on() {}
    }
    expect((await of(Orders)).told).toEqual([
      expect.stringContaining('Orders.on: @Subscribe: the option enabled must be true or false, not "false"'),
    ]);
  });
});
