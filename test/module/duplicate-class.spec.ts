import { Controller, Injectable, Module, Scope } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MultiBrokerModule, Subscribe, WiringError } from '../../lib/index.js';
import { natsBroker, stream } from '../../lib/nats/index.js';
import { closeApps, compile, start } from '../support/app.js';
import { fakeBroker, FakeServer, queue } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});
afterEach(closeApps);

const root = () => MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server })]);

async function problems(metadata: Parameters<typeof compile>[0]) {
  const app = await compile(metadata);
  const error: unknown = await app.init().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WiringError);
  expect(server.events).toEqual([]);
  return (error as WiringError).problems.map(({ code, message, handler, broker }) => ({
    code,
    message,
    handler,
    broker,
  }));
}

@Injectable()
class Orders {
  @Subscribe('orders', 'created')
  onCreated() {}

  @Subscribe('orders', queue('changed', 'g'))
  onChanged() {}
}

@Module({ providers: [Orders] })
class Shop {}
@Module({ providers: [Orders] })
class Billing {}

describe('one class in two modules', () => {
  it('is one mistake, that names the class, its handlers and both modules, and advises no second group', async () => {
    expect(await problems({ imports: [root(), Shop, Billing] })).toEqual([
      {
        code: 'MULTI_BROKER_DUPLICATE_HANDLER',
        message: expect.stringMatching(
          /^There are 2 instances of class Orders, one in Shop and one in Billing, and each would handle the messages of Orders\.onCreated and Orders\.onChanged\. .*one module/,
        ),
        handler: 'Orders.onCreated',
        broker: 'orders',
      },
    ]);
  });

  it('is one mistake where it is a controller in one of them, or made for each request', async () => {
    @Controller()
    class Api extends Orders {}
    @Module({ controllers: [Api] })
    class Web {}
    @Module({ providers: [{ provide: 'API', useClass: Api }] })
    class Jobs {}
    const [problem] = await problems({ imports: [root(), Web, Jobs] });
    expect(problem!.message).toContain("one in Web and one in Jobs (as 'API')");

    @Injectable({ scope: Scope.REQUEST })
    class Scoped extends Orders {}
    @Module({ providers: [Scoped] })
    class One {}
    @Module({ providers: [Scoped] })
    class Other {}
    expect(await problems({ imports: [root(), One, Other] })).toHaveLength(1);
  });

  it('is told on every instance of it', async () => {
    const again = { provide: 'AGAIN', useFactory: () => new Orders() };
    const [problem] = await problems({ imports: [root(), Shop, Billing], providers: [again] });
    expect(problem!.message).toMatch(
      /^There are 3 instances of class Orders, one in RootTestModule \(as 'AGAIN'\), one in Shop and one in Billing,/,
    );
  });

  it('is one mistake on JetStream, where it would be the clash of a durable', async () => {
    @Injectable()
    class Durable {
      @Subscribe('n', stream('ORDERS', { durable: 'd', subjects: ['orders.>'] }))
      on() {}
    }
    @Module({ providers: [Durable] })
    class One {}
    @Module({ providers: [Durable] })
    class Other {}
    const nats = MultiBrokerModule.forRoot([natsBroker({ name: 'n', client: { servers: '127.0.0.1:1' } })], {
      inMemory: true,
    });
    expect((await problems({ imports: [nats, One, Other] })).map(({ code }) => code)).toEqual([
      'MULTI_BROKER_DUPLICATE_HANDLER',
    ]);
  });

  it('is none where one of them exports it, and the other imports that', async () => {
    @Module({ providers: [Orders], exports: [Orders] })
    class Owner {}
    @Module({ imports: [Owner], providers: [{ provide: 'ALIAS', useExisting: Orders }] })
    class User {}
    await start({ imports: [root(), Owner, User] });
    expect(server.events.filter((event) => event.startsWith('subscribe'))).toHaveLength(2);
  });

  it('is none of a transient class that several inject', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Orders {}
    @Injectable()
    class One {
      constructor(readonly transient: Transient) {}
    }
    @Injectable()
    class Other {
      constructor(readonly transient: Transient) {}
    }
    await start({ imports: [root()], providers: [Transient, One, Other] });
    expect(server.events.filter((event) => event.startsWith('subscribe'))).toHaveLength(2);
  });

  it('is none of two classes of one base', async () => {
    class Base {
      @Subscribe('orders', 'created')
      on() {}
    }
    @Injectable()
    class One extends Base {}
    @Injectable()
    class Other extends Base {}
    await start({ imports: [root()], providers: [One, Other] });
    expect(server.events.filter((event) => event.startsWith('subscribe'))).toHaveLength(2);
  });
});
