import {
  Global,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Broker, getBrokerToken, InjectBroker, MultiBroker, MultiBrokerModule, Subscribe } from '../../lib/index.js';
import { closeApps, compile, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});
afterEach(closeApps);

const note = (event: string) => () => void server.events.push(event);

/** A module whose provider notes each of its hooks. */
function noting(name: string, imports: NonNullable<Parameters<typeof Module>[0]['imports']> = []): Type {
  @Injectable()
  class Noting implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
    onModuleInit = note(`${name} init`);
    onApplicationBootstrap = note(`${name} boot`);
    onModuleDestroy = note(`${name} destroy`);
    onApplicationShutdown = note(`${name} shutdown`);
  }
  @Module({ imports, providers: [Noting] })
  class NotingModule {}
  return NotingModule;
}

@Injectable()
class Orders {
  @Subscribe('orders', 'created')
  created() {}
}

const root = (options = {}) => MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server })], options);

describe('handlers start after every other module and stop before any', () => {
  const order = [
    'connect orders',
    'subscribe orders created',
    'quiet orders',
    'app destroy',
    'db destroy',
    'app shutdown',
    'db shutdown',
    'close orders',
  ];

  it.each([
    ['first', (db: Type) => [root(), db]],
    ['last', (db: Type) => [db, root()]],
  ])('when forRoot() is imported %s beside a global module', async (_, imports) => {
    const db = noting('db');
    Global()(db);
    const app = await start({ imports: [noting('app', imports(db))], providers: [Orders] });
    await app.close();
    expect(server.events).toEqual(['db init', 'app init', 'db boot', 'app boot', ...order]);
  });

  it('when forRoot() is deep among the imports', async () => {
    const deep = noting('db', [root()]);
    const app = await start({ imports: [noting('app', [deep])], providers: [Orders] });
    await app.close();
    expect(server.events).toEqual(['db init', 'app init', 'db boot', 'app boot', ...order]);
  });
});

describe('a publish', () => {
  @Injectable()
  class Publishing implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
    constructor(@InjectBroker('orders') private readonly orders: Broker) {}
    async onModuleInit() {
      await this.orders.publish('created', 'init');
    }
    async onModuleDestroy() {
      await this.orders.publish('created', 'destroy');
    }
    async onApplicationShutdown() {
      await this.orders.publish('created', 'shutdown');
    }
  }
  @Global()
  @Module({ providers: [Publishing] })
  class EarlyModule {}

  it('works in every hook of every module', async () => {
    const app = await start({ imports: [EarlyModule, root()] });
    await app.close();
    expect(server.published.map(({ body }) => body)).toEqual(['init', 'destroy', 'shutdown']);
    expect(server.events).toEqual(['connect orders', 'close orders']);
  });

  it('before the start works on an application that is only compiled', async () => {
    const app = await compile({ imports: [root()], providers: [Orders] });
    await app.get(MultiBroker).get('orders').publish('created', 'x');
    expect(server.published).toHaveLength(1);
  });

  it('while Nest still makes providers is refused: handlers would be found half made', async () => {
    @Injectable()
    class Late {
      @Subscribe('orders', 'created')
      created() {}
    }
    const early = {
      provide: 'EARLY',
      inject: [getBrokerToken('orders')],
      useFactory: (orders: Broker) => orders.publish('created', 'x'),
    };
    const slow = { provide: 'SLOW', useFactory: () => new Promise(() => undefined) };
    await expect(compile({ imports: [root()], providers: [early, slow, Late] })).rejects.toMatchObject({
      code: 'MULTI_BROKER_NOT_CONNECTED',
      message: expect.stringContaining('use it in onModuleInit() or later'),
    });
  });
});

describe('with autoStart: false', () => {
  it('nothing connects until MultiBroker.start(), and stop() stops', async () => {
    const app = await start({ imports: [root({ autoStart: false })], providers: [Orders] });
    expect(server.events).toEqual([]);
    await app.get(MultiBroker).start();
    expect(server.events).toEqual(['connect orders', 'subscribe orders created']);
    await app.get(MultiBroker).stop();
    expect(server.events).toEqual(['connect orders', 'subscribe orders created', 'quiet orders', 'close orders']);
  });

  it('nothing starts any more once the application is closed, though somebody tries it again and again', async () => {
    const app = await start({ imports: [root({ autoStart: false })], providers: [Orders] });
    const multiBroker = app.get(MultiBroker);
    await app.close();
    await expect(multiBroker.start()).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
    expect(server.events).toEqual([]);
  });

  it('the wiring is checked all the same', async () => {
    @Injectable()
    class Wrong {
      @Subscribe('oders', 'created')
      created() {}
    }
    const app = await compile({ imports: [root({ autoStart: false })], providers: [Wrong] });
    await expect(app.init()).rejects.toMatchObject({ code: 'MULTI_BROKER_WIRING' });
  });
});

describe('brokers that another module adds in a hook', () => {
  it.each(['onModuleInit', 'onApplicationBootstrap'])('(%s) are as if they stood in forRoot()', async (hook) => {
    @Injectable()
    class Adding {
      constructor(multiBroker: MultiBroker) {
        Object.assign(this, { [hook]: () => multiBroker.add(fakeBroker({ name: 'added', server })) });
      }
    }
    @Injectable()
    class Handler {
      @Subscribe('added', 'created')
      created() {}
    }
    await start({ imports: [root()], providers: [Adding, Handler] });
    expect(server.events).toContain('subscribe added created');
  });
});

describe('when another module fails to stop', () => {
  @Injectable()
  class Failing implements OnModuleDestroy {
    onModuleDestroy() {
      throw new Error('will not stop');
    }
  }

  it('the connections are closed all the same', async () => {
    const { Connections } = await import('../../lib/module/consumers.js');
    const closeSoon = jest.spyOn(Connections.prototype, 'closeSoon');
    closeSoon.mockImplementation(function (this: InstanceType<typeof Connections>) {
      setImmediate(() => void this.onApplicationShutdown());
    });
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const app = await start({ imports: [root()], providers: [Orders, Failing] });
    await app.close().catch(() => undefined);
    await eventually(() => expect(server.events).toContain('close orders'));
    closeSoon.mockRestore();
    error.mockRestore();
  });
});

describe('a start that fails', () => {
  it('closes what was connected, and tells every broker that failed', async () => {
    server.down.add('b');
    server.down.add('c');
    const definitions = ['a', 'b', 'c'].map((name) => fakeBroker({ name, server }));
    const app = await compile({ imports: [MultiBrokerModule.forRoot(definitions)] });
    await expect(app.init()).rejects.toMatchObject({
      code: 'MULTI_BROKER_START_FAILED',
      failures: [{ broker: 'b' }, { broker: 'c' }],
    });
    expect(server.events).toContain('close a');
  });
});
