import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../lib/async/index.js';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { BrokerRuntime } from '../../lib/lifecycle/index.js';
import { closeApps, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

const real = new FakeServer();
beforeEach(() => {
  real.events.length = real.published.length = 0;
});
afterEach(closeApps);

@Injectable()
class Handler {
  readonly seen: unknown[] = [];

  @Subscribe('orders', 'in')
  @PublishTo('orders', 'out')
  handle(@Payload() payload: unknown) {
    this.seen.push(payload);
    return payload;
  }
}

@Module({
  imports: [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server: real })])],
  providers: [Handler],
})
class AppModule {}

describe('one AppModule', () => {
  it('can be compiled many times, one after another', async () => {
    for (const text of ['a', 'b', 'c']) {
      const app = await start({ imports: [AppModule] });
      await app.get(MultiBroker).default.publish('in', text);
      await eventually(() => expect(app.get(Handler).seen).toEqual([text]));
      await app.close();
    }
    expect(real.published.map(({ queue, body }) => [queue, body])).toEqual([
      ['in', 'a'],
      ['out', 'a'],
      ['in', 'b'],
      ['out', 'b'],
      ['in', 'c'],
      ['out', 'c'],
    ]);
  });

  it('can run twice in one process, each with brokers of its own', async () => {
    const [one, other] = [await start({ imports: [AppModule] }), await start({ imports: [AppModule] })];
    expect(one.get(MultiBroker).default).not.toBe(other.get(MultiBroker).default);
    await one.close();
    await other.get(MultiBroker).default.publish('in', 'still there');
    await eventually(() => expect(other.get(Handler).seen).toEqual(['still there']));
    expect(one.get(Handler).seen).toEqual([]);
  });
});

describe('overrideModule(MultiBrokerModule)', () => {
  /** Drivers of brokers that have another server in mind. */
  @Injectable()
  class Substitutes extends BrokerRuntime {
    static server = new FakeServer();
    readonly clock = systemClock;
    async open({ name }: { readonly name: string }) {
      return fakeBroker({ name, server: Substitutes.server }).driver();
    }
  }
  @Module({ providers: [{ provide: BrokerRuntime, useClass: Substitutes }], exports: [BrokerRuntime] })
  class SubstituteModule {}
  @Module({ imports: [AppModule] })
  class OuterModule {}

  it.each([
    ['which imports forRoot()', AppModule],
    ['which imports it by another module', OuterModule],
  ])('replaces where drivers come from in an AppModule %s', async (_, module) => {
    Substitutes.server = new FakeServer();
    const app = await Test.createTestingModule({ imports: [module] })
      .overrideModule(MultiBrokerModule)
      .useModule(SubstituteModule)
      .compile();
    await app.init();
    await app.get(MultiBroker).default.publish('in', 'x');
    await eventually(() => expect(app.get(Handler).seen).toEqual(['x']));
    await app.close();
    expect(real.events).toEqual([]);
    expect(Substitutes.server.events[0]).toBe('connect orders');
  });

  it('so does overrideProvider(BrokerRuntime)', async () => {
    Substitutes.server = new FakeServer();
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(BrokerRuntime)
      .useClass(Substitutes)
      .compile();
    await app.init();
    await app.close();
    expect(real.events).toEqual([]);
    expect(Substitutes.server.events[0]).toBe('connect orders');
  });
});

it('with inMemory every broker is its twin', async () => {
  const definition = {
    ...fakeBroker({ name: 'orders', server: real }),
    driver: () => Promise.reject(new Error('real')),
  };
  await start({ imports: [MultiBrokerModule.forRoot([definition], { inMemory: true })] });
  expect(real.events).toEqual(['connect orders']);
});
