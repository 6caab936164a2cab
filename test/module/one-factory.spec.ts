import { Inject, Injectable, Module, Optional } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Broker,
  type BrokerDefinition,
  type BrokerDefinitionsFactory,
  getBrokerToken,
  InjectBroker,
  MultiBroker,
  MultiBrokerModule,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { closeApps, compile, start } from '../support/app.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});
afterEach(closeApps);

const broker = (name: string, options = {}) => fakeBroker({ name, server, ...options });

@Injectable()
class Config {
  readonly topic = 'orders.v1';
}
@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

const factory = {
  imports: [ConfigModule],
  inject: [Config],
  useFactory: async ({ topic }: Config): Promise<BrokerDefinition[]> => [
    broker('orders', { addresses: { incoming: topic } }),
    broker('events'),
  ],
};

async function problemsOf(metadata: Parameters<typeof compile>[0]): Promise<string[]> {
  const app = await compile(metadata);
  const error: unknown = await app.init().catch((thrown: unknown) => thrown);
  return (error as { problems: Error[] }).problems.map(({ message }) => message);
}

describe('forRootAsync with one factory', () => {
  it('takes all definitions of it, in their order; the first is the default', async () => {
    @Injectable()
    class Bridge {
      @Subscribe('orders', 'incoming')
      @PublishTo('events', 'outgoing')
      pass(@Payload() _payload: unknown) {}
    }
    const app = await start({ imports: [MultiBrokerModule.forRootAsync(factory)], providers: [Bridge] });
    expect(app.get(MultiBroker).brokers.map(({ name }) => name)).toEqual(['orders', 'events']);
    expect(app.get(MultiBroker).default.name).toBe('orders');
    await app.get(MultiBroker).get('orders').publish('incoming', 1);
    expect(server.published[0]!.queue).toBe('orders.v1');
  });

  it('lets its brokers be injected, though their names are not known before', async () => {
    @Injectable()
    class Service {
      @InjectBroker('orders')
      readonly property!: Broker;

      constructor(
        @InjectBroker('events') readonly events: Broker,
        @InjectBroker() readonly byDefault: Broker,
      ) {}
    }
    const made = { provide: 'MADE', inject: [getBrokerToken('orders')], useFactory: ({ name }: Broker) => name };
    const app = await start({ imports: [MultiBrokerModule.forRootAsync(factory)], providers: [Service, made] });
    const service = app.get(Service);
    expect(service.events).toBe(app.get(MultiBroker).get('events'));
    expect(service.property).toBe(service.byDefault);
    expect(app.get('MADE')).toBe('orders');
  });

  it('lets a broker be looked up by its token that nobody injects', async () => {
    const only = { useFactory: () => [broker('never-injected')] };
    const app = await start({ imports: [MultiBrokerModule.forRootAsync(only)] });
    expect(app.get<Broker>(getBrokerToken('never-injected'), { strict: false }).name).toBe('never-injected');
  });

  it('takes the default of the options', async () => {
    const app = await start({ imports: [MultiBrokerModule.forRootAsync(factory, { default: 'events' })] });
    expect(app.get<Broker>(getBrokerToken(), { strict: false }).name).toBe('events');
  });

  it('gives who injects a broker of a feature module that one, wherever it stands', async () => {
    @Injectable()
    class Service {
      constructor(@InjectBroker('feature') readonly feature: Broker) {}
    }
    const feature = MultiBrokerModule.forFeature([
      { name: 'feature', imports: [ConfigModule], inject: [Config], useFactory: async () => broker('feature') },
    ]);
    for (const imports of [
      [feature, MultiBrokerModule.forRootAsync(factory)],
      [MultiBrokerModule.forRootAsync(factory), feature],
    ]) {
      const app = await start({ imports, providers: [Service] });
      expect(app.get(Service).feature.name).toBe('feature');
    }
  });

  it('compiles one AppModule many times, each application on its own', async () => {
    @Module({ imports: [MultiBrokerModule.forRootAsync(factory)] })
    class AppModule {}
    const one = await start({ imports: [AppModule] });
    const other = await start({ imports: [AppModule] });
    expect(one.get(MultiBroker).get('orders')).not.toBe(other.get(MultiBroker).get('orders'));
  });

  it('does not mind names that other applications inject', async () => {
    getBrokerToken('of-another-application');
    const app = await start({ imports: [MultiBrokerModule.forRootAsync(factory)] });
    expect(app.get(MultiBroker).health().status).toBe('up');
  });

  it('tells who injects a broker that there is not, with the nearest name and all other mistakes', async () => {
    @Injectable()
    class Service {
      constructor(@InjectBroker('evnts') readonly events: Broker) {}
    }
    @Injectable()
    class Lenient {
      constructor(@Optional() @InjectBroker('evnts') readonly events?: Broker) {}

      @Subscribe('oders', 'x')
      wrong() {}
    }
    const imports = [MultiBrokerModule.forRootAsync(factory)];
    expect(await problemsOf({ imports, providers: [Service, Lenient] })).toEqual([
      expect.stringMatching(/^Service injects broker 'evnts'.*did you mean 'events'\?/),
      expect.stringMatching(/^Lenient\.wrong, broker 'oders'/),
    ]);
  });

  it.each([
    ['nothing', undefined, /the factory returned undefined/],
    [
      'one definition and no list',
      fakeBroker({ name: 'x', server: new FakeServer() }),
      /the factory returned something else/,
    ],
    ['options and no definition', [{ name: 'x', client: {} }], /definition 1 is not a broker definition/],
    ['a list with a hole', [undefined], /definition 1 is undefined/],
  ])('tells of a factory that returns %s, with all other mistakes', async (_, returned, what) => {
    @Injectable()
    class Forgetful {
      constructor(@InjectBroker() readonly byDefault: Broker) {}

      @PublishTo('x', 'y')
      publisher() {}
    }
    const wrong = MultiBrokerModule.forRootAsync({ useFactory: () => returned as never });
    const problems = await problemsOf({ imports: [wrong], providers: [Forgetful] });
    expect(problems).toEqual(
      expect.arrayContaining([expect.stringMatching(what), expect.stringContaining('Forgetful.publisher')]),
    );
  });
});

describe('forRootAsync with useClass', () => {
  @Injectable()
  class Definitions implements BrokerDefinitionsFactory {
    constructor(@Inject(Config) private readonly config: Config) {}

    createBrokerDefinitions() {
      return [broker('orders', { addresses: { incoming: this.config.topic } })];
    }
  }

  it('makes the class by the container and asks it', async () => {
    const root = MultiBrokerModule.forRootAsync({ imports: [ConfigModule], useClass: Definitions });
    const app = await start({ imports: [root] });
    await app.get(MultiBroker).get('orders').publish('incoming', 1);
    expect(server.published[0]!.queue).toBe('orders.v1');
  });

  it('asks one that is there already by useExisting', async () => {
    @Module({ imports: [ConfigModule], providers: [Definitions], exports: [Definitions] })
    class DefinitionsModule {}
    const root = MultiBrokerModule.forRootAsync({ imports: [DefinitionsModule], useExisting: Definitions });
    expect((await start({ imports: [root] })).get(MultiBroker).default.name).toBe('orders');
  });
});
