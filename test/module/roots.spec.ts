import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Broker,
  type BrokerDefinition,
  getBrokerToken,
  InjectBroker,
  MultiBroker,
  MultiBrokerModule,
} from '../../lib/index.js';
import { closeApps, compile, start } from '../support/app.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});
afterEach(closeApps);

const broker = (name: string) => fakeBroker({ name, server });

@Injectable()
class Config {
  readonly topic = 'orders.v1';
}
@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

describe.each(['forRoot', 'forFeature'] as const)('%s without a list', (to) => {
  it.each([
    ['a single definition', broker('orders'), 'MULTI_BROKER_OPTION_INVALID', `${to}() takes an array`],
    ['undefined', undefined, 'MULTI_BROKER_VALUE_MISSING', `${to}(): the list of brokers is undefined`],
  ])('is a wiring problem: %s', async (_, given, code, told) => {
    const imports = [MultiBrokerModule.forRoot([broker('first')]), MultiBrokerModule[to](given as never)];
    await expect(start({ imports: to === 'forRoot' ? imports.slice(1) : imports })).rejects.toMatchObject({
      code: 'MULTI_BROKER_WIRING',
      message: expect.stringMatching(new RegExp(`\\[${code}\\].*${told.replace(/[()]/g, '\\$&')}`)),
    });
  });
});

describe('forRootAsync', () => {
  const entry = {
    name: 'orders',
    imports: [ConfigModule],
    inject: [Config],
    useFactory: async ({ topic }: Config): Promise<BrokerDefinition> =>
      fakeBroker({ name: 'orders', server, addresses: { incoming: topic } }),
  };

  it('makes definitions by the container, beside ready ones, in their order', async () => {
    const app = await start({ imports: [MultiBrokerModule.forRootAsync([entry, broker('events')])] });
    expect(app.get(MultiBroker).brokers.map(({ name }) => name)).toEqual(['orders', 'events']);
    await app.get<Broker>(getBrokerToken('orders')).publish('incoming', 1);
    expect(server.published[0]!.queue).toBe('orders.v1');
  });

  it('lets its brokers be injected, by name and as the default', async () => {
    @Injectable()
    class Service {
      constructor(
        @InjectBroker('orders') readonly orders: Broker,
        @InjectBroker() readonly byDefault: Broker,
      ) {}
    }
    const app = await start({ imports: [MultiBrokerModule.forRootAsync([entry])], providers: [Service] });
    expect(app.get(Service).orders.name).toBe('orders');
    expect(app.get(Service).byDefault).toBe(app.get(Service).orders);
  });

  it.each([
    ['nothing', undefined],
    ['the options of a broker', { name: 'orders', client: {} }],
  ])('refuses a factory that returns %s', async (_, returned) => {
    const wrong = { ...entry, useFactory: () => returned as never };
    await expect(compile({ imports: [MultiBrokerModule.forRootAsync([wrong])] })).rejects.toMatchObject({
      code: 'MULTI_BROKER_OPTION_INVALID',
      message: expect.stringContaining("The factory of broker 'orders' did not return a broker definition"),
    });
  });

  it('refuses a factory that returns a definition of another name', async () => {
    const wrong = { ...entry, useFactory: () => broker('other') };
    await expect(compile({ imports: [MultiBrokerModule.forRootAsync([wrong])] })).rejects.toMatchObject({
      code: 'MULTI_BROKER_OPTION_INVALID',
      message: expect.stringMatching(/'orders'.*'other'/),
    });
  });

  it('fails with what a factory throws', async () => {
    const failing = { name: 'x', useFactory: () => Promise.reject(new Error('no configuration')) };
    await expect(compile({ imports: [MultiBrokerModule.forRootAsync([failing])] })).rejects.toThrow('no configuration');
  });

  it('takes options', async () => {
    const app = await start({
      imports: [MultiBrokerModule.forRootAsync([broker('a'), broker('b')], { default: 'b' })],
    });
    expect(app.get(MultiBroker).default.name).toBe('b');
  });
});

describe('forFeature', () => {
  it('adds brokers that are injected everywhere, and are never the default, wherever it stands', async () => {
    @Injectable()
    class Service {
      constructor(@InjectBroker('more') readonly more: Broker) {}
    }
    @Module({ imports: [MultiBrokerModule.forFeature([broker('more')])] })
    class FeatureModule {}
    for (const imports of [
      [FeatureModule, MultiBrokerModule.forRoot([broker('a')])],
      [MultiBrokerModule.forRoot([broker('a')]), FeatureModule],
    ]) {
      const app = await start({ imports, providers: [Service] });
      expect(app.get(Service).more.name).toBe('more');
      expect(app.get(MultiBroker).default.name).toBe('a');
      expect(app.get<Broker>(getBrokerToken()).name).toBe('a');
    }
  });

  it('takes definitions made by the container', async () => {
    const entry = { name: 'more', useFactory: () => broker('more') };
    const app = await start({
      imports: [MultiBrokerModule.forRoot([broker('a')]), MultiBrokerModule.forFeature([entry])],
    });
    expect(app.get(MultiBroker).get('more').name).toBe('more');
  });

  it('twice, in two modules, adds both', async () => {
    const app = await start({
      imports: [
        MultiBrokerModule.forFeature([broker('x')]),
        MultiBrokerModule.forFeature([broker('y')]),
        MultiBrokerModule.forRoot([broker('a')]),
      ],
    });
    expect(
      app
        .get(MultiBroker)
        .brokers.map(({ name }) => name)
        .sort(),
    ).toEqual(['a', 'x', 'y']);
  });

  it('in a module that is loaded lazily, after the start, is refused: its broker would never be up', async () => {
    @Module({ imports: [MultiBrokerModule.forFeature([broker('more')])] })
    class LazyModule {}
    const app = await start({ imports: [MultiBrokerModule.forRoot([broker('a')])] });
    await expect(app.get(LazyModuleLoader).load(() => LazyModule)).rejects.toMatchObject({
      code: 'MULTI_BROKER_LATE_BROKER',
      message: expect.stringContaining("'more' is defined in a module that was loaded after the start"),
    });
    expect(app.get(MultiBroker).health().status).toBe('up');
  });

  it('without forRoot() is a mistake', async () => {
    const app = await compile({ imports: [MultiBrokerModule.forFeature([broker('x')])] });
    await expect(app.init()).rejects.toMatchObject({
      code: 'MULTI_BROKER_WIRING',
      problems: [{ code: 'MULTI_BROKER_NO_BROKER' }],
    });
    expect(server.events).toEqual([]);
  });
});

describe('the class alone', () => {
  it('is a mistake, as no handler would ever be called', async () => {
    const wrong = { code: 'MULTI_BROKER_NO_BROKER', message: expect.stringContaining('imported without forRoot()') };
    await expect(start({ imports: [MultiBrokerModule] })).rejects.toMatchObject(wrong);
  });

  it('may stand beside forRoot()', async () => {
    @Module({ imports: [MultiBrokerModule] })
    class Feature {}
    const app = await start({ imports: [Feature, MultiBrokerModule.forRoot([broker('orders')])] });
    expect(app.get(MultiBroker).get('orders').health().status).toBe('up');
  });
});

describe('a module that is imported twice', () => {
  it('is one, if it is the same object', async () => {
    const root = MultiBrokerModule.forRoot([broker('a')]);
    @Module({ imports: [root] })
    class FeatureModule {}
    const app = await start({ imports: [root, FeatureModule] });
    expect(app.get(MultiBroker).brokers).toHaveLength(1);
  });

  it('can be re-exported', async () => {
    const root = MultiBrokerModule.forRoot([broker('a')]);
    @Module({ imports: [root], exports: [root] })
    class SharedModule {}
    const app = await start({ imports: [SharedModule] });
    expect(app.get(MultiBroker).brokers).toHaveLength(1);
  });
});

it('an empty forRoot() is an application without brokers', async () => {
  const app = await start({ imports: [MultiBrokerModule.forRoot([])] });
  expect(app.get(MultiBroker).brokers).toEqual([]);
});
