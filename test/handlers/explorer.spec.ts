import { mock as nodeMock } from 'node:test';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Injectable,
  type PipeTransform,
  Scope,
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

/** Puts a function of its own in the place of the method, as decorators for transactions, spans and caches do. */
function Wrapping(keepsMetadata: boolean): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    const wrapper = function (this: unknown, ...args: unknown[]) {
      return `wrapped ${String(method.apply(this, args))}`;
    };
    for (const key of keepsMetadata ? (Reflect.getOwnMetadataKeys(method) as unknown[]) : []) {
      Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), wrapper);
    }
    descriptor.value = wrapper;
  };
}

describe('a method that another decorator has replaced', () => {
  it.each([
    ['above @Subscribe, with its metadata', [Wrapping(true), Subscribe('orders', 'x')]],
    ['below @Subscribe', [Subscribe('orders', 'x'), Wrapping(false)]],
  ])('%s, is called as it is now', async (_, [upper, lower]) => {
    @Injectable()
    class Traced {
      @(upper as MethodDecorator)
      @(lower as MethodDecorator)
      handle(payload: unknown) {
        return payload;
      }
    }
    const handlers = await Handlers.of({ providers: [Traced] });
    expect(await handlers.call('Traced.handle', 'a')).toBe('wrapped a');
    expect(handlers.explorer.explore().problems).toEqual([]);
  });

  it('without its metadata would never be called, and is a problem that says what to do', async () => {
    class Traced {
      @Wrapping(false)
      @Subscribe('orders', 'x')
      handle() {}
    }
    class Heir extends Traced {}
    class Overriding extends Traced {
      override handle() {}
    }
    const handlers = await Handlers.of({ providers: [Heir, Overriding] });
    expect(handlers.explorer.explore().problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^MULTI_BROKER_WIRING: Heir\.handle would not be called, .* above that decorator/),
    ]);
  });

  it.each<[string, () => { restore(): void }]>([
    [
      'Jest',
      () => {
        const mock = jest.spyOn(Orders.prototype, 'created').mockImplementation(() => {});
        return { restore: () => mock.mockRestore() };
      },
    ],
    ['node:test', () => nodeMock.method(Orders.prototype, 'created', () => {}).mock],
    ['Sinon', () => put(Object.assign(() => {}, { isSinonProxy: true }))],
  ])('by a mock of %s is none', async (_, mocked) => {
    @Injectable()
    class Mocked extends Orders {}
    const mock = mocked();
    const explored = (await Handlers.of({ providers: [Mocked] })).explorer.explore();
    mock.restore();
    expect(explored).toMatchObject({ declarations: [], problems: [], leftOut: [] });
  });

  function put(mock: () => void) {
    const { created } = Orders.prototype;
    Orders.prototype.created = mock;
    return { restore: () => void (Orders.prototype.created = created) };
  }
});

describe('a method that the constructor has bound', () => {
  class Bound {
    constructor() {
      this.handle = this.handle.bind(this);
    }

    @Subscribe('orders', 'x')
    @UseGuards({ canActivate: (host: ExecutionContext) => host.switchToRpc().getData<unknown>() === 'good' })
    handle(payload: unknown) {
      return payload;
    }
  }

  it.each([
    ['', Scope.DEFAULT],
    [' for each message', Scope.REQUEST],
  ])('of an instance that is made once%s is called behind the guards of the method', async (_, scope) => {
    @Injectable({ scope })
    class Guarded extends Bound {}
    const handlers = await Handlers.of({ providers: [Guarded] });
    expect(await handlers.call('Guarded.handle', 'good')).toBe('good');
    await expect(handlers.call('Guarded.handle', 'bad')).rejects.toThrow('Forbidden');
  });

  it('is found as a spy that a test has put in its place is, which is called', async () => {
    const orders = new Orders();
    const spy = jest.spyOn(orders, 'created');
    const handlers = await Handlers.of({ providers: [{ provide: Orders, useValue: orders }] });
    await handlers.call('Orders.created', 'a');
    expect(spy).toHaveBeenCalledTimes(1);
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
