import {
  type CanActivate,
  Controller,
  Injectable,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { Handlers } from '../support/nest-handlers.js';

@Injectable()
class Orders {
  @Subscribe('orders', 'created')
  created() {}

  plain() {}

  get getter(): never {
    throw new Error('a getter is not read');
  }
}

const found = async (metadata: Parameters<typeof Handlers.of>[0]) => {
  const handlers = await Handlers.of(metadata);
  return handlers.explorer.explore().declarations.map(({ handler, source }) => `${handler} < ${source as string}`);
};

describe('handlers are found', () => {
  it.each([
    ['of providers', { providers: [Orders] }],
    ['of providers under another token', { providers: [{ provide: 'X', useClass: Orders }] }],
    ['of instances that a factory makes', { providers: [{ provide: 'X', useFactory: async () => new Orders() }] }],
    ['of values', { providers: [{ provide: 'X', useValue: new Orders() }] }],
  ])('%s', async (_, metadata) => {
    expect(await found(metadata)).toEqual(['Orders.created < created']);
  });

  it('of controllers', async () => {
    @Controller()
    class Api extends Orders {}
    expect(await found({ controllers: [Api] })).toEqual(['Api.created < created']);
  });

  it('once, though aliases and factories hand the instance on', async () => {
    const again = { provide: 'AGAIN', useFactory: (orders: Orders) => orders, inject: [Orders] };
    expect(await found({ providers: [again, { provide: 'ALIAS', useExisting: Orders }, Orders] })).toEqual([
      'Orders.created < created',
    ]);
  });

  it('that a class inherits, and not those that it overrides without the decorator', async () => {
    @Injectable()
    class Inheriting extends Orders {}
    @Injectable()
    class Overriding extends Orders {
      override created() {}
    }
    expect(await found({ providers: [Inheriting, Overriding] })).toEqual(['Inheriting.created < created']);
  });

  it('though a mock stood in their place when an application was first searched', async () => {
    @Injectable()
    class Mocked extends Orders {}
    const mock = jest.spyOn(Mocked.prototype, 'created').mockImplementation(() => {});
    expect(await found({ providers: [Mocked] })).toEqual([]);
    mock.mockRestore();
    expect(await found({ providers: [Mocked] })).toEqual(['Mocked.created < created']);
  });

  it('that a mixin copied from another class', async () => {
    @Injectable()
    class Mixed {}
    const copied = Object.getOwnPropertyDescriptor(Orders.prototype, 'created')!;
    Object.defineProperty(Mixed.prototype, 'created', copied);
    expect(await found({ providers: [Mixed] })).toEqual(['Mixed.created < created']);
  });

  it('of each @Subscribe of a method', async () => {
    @Injectable()
    class Several {
      @Subscribe('orders', 'a')
      @Subscribe('orders', 'b')
      handle() {}
    }
    expect((await found({ providers: [Several] })).sort()).toEqual(['Several.handle < a', 'Several.handle < b']);
  });

  it('whatever else the container holds', async () => {
    const values = [
      null,
      undefined,
      1,
      'text',
      [Orders],
      { created: 1 },
      Object.create(null),
      () => 1,
      Orders,
      new Map(),
    ];
    const providers = values.map((useValue, index) => ({ provide: `V${String(index)}`, useValue }));
    expect(await found({ providers: [...providers, Orders] })).toEqual(['Orders.created < created']);
  });
});

describe('the publishers of a method', () => {
  it('run closest to the method first, wherever @Subscribe stands', async () => {
    @Injectable()
    class Bridge {
      @PublishTo('a', 'third')
      @Subscribe('orders', 'x')
      @PublishTo('b', 'second')
      @PublishTo('c', 'first')
      handle() {}
    }
    const handlers = await Handlers.of({ providers: [Bridge] });
    const [declaration] = handlers.explorer.explore().declarations;
    expect(declaration!.publishTo.map(({ destination }) => destination)).toEqual(['first', 'second', 'third']);
  });

  it('without @Subscribe are a problem', async () => {
    @Injectable()
    class Forgetful {
      @PublishTo('a', 'x')
      handle() {}
    }
    const handlers = await Handlers.of({ providers: [Forgetful] });
    expect(handlers.explorer.explore().problems.map(({ code, handler }) => [code, handler])).toEqual([
      ['MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE', 'Forgetful.handle'],
    ]);
  });
});

describe('an enhancer named by its class on a class that a factory makes instances of', () => {
  @Injectable()
  class Guard implements CanActivate {
    canActivate() {
      return false;
    }
  }
  @Injectable()
  class Pipe implements PipeTransform {
    transform(value: unknown) {
      return value;
    }
  }
  class Interceptor {
    intercept() {}
  }
  class Filter {
    catch() {}
  }

  it('would be left out by Nest without a word, and is a problem that names it', async () => {
    @Injectable()
    @UseGuards(Guard)
    class Made {
      @Subscribe('orders', 'x')
      @UseInterceptors(Interceptor as never)
      @UseFilters(Filter as never)
      @UsePipes(Pipe)
      handle(@Payload(Pipe) _payload: unknown) {}
    }
    const handlers = await Handlers.of({ providers: [{ provide: 'X', useFactory: () => new Made() }] });
    const [declaration] = handlers.explorer.explore().declarations;
    expect(declaration!.problems.map(({ code, message }) => `${code}: ${message.split(' would')[0]!}`)).toEqual([
      'MULTI_BROKER_ENHANCER: Made.handle: the guard Guard',
      'MULTI_BROKER_ENHANCER: Made.handle: the interceptor Interceptor',
      'MULTI_BROKER_ENHANCER: Made.handle: the pipe Pipe',
      'MULTI_BROKER_ENHANCER: Made.handle: the pipe Pipe',
      'MULTI_BROKER_ENHANCER: Made.handle: the filter Filter',
    ]);
  });

  it('is none where instances are given, which run', async () => {
    @Injectable()
    @UseGuards(new Guard())
    class Made {
      @Subscribe('orders', 'x')
      handle() {}
    }
    const handlers = await Handlers.of({ providers: [{ provide: 'X', useFactory: () => new Made() }] });
    expect(handlers.explorer.explore().declarations[0]!.problems).toEqual([]);
    await expect(handlers.call('Made.handle')).rejects.toThrow('Forbidden');
  });
});
