import {
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, type ContextId, ContextIdFactory, ModuleRef, REQUEST } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { isRejection } from '../../lib/delivery/index.js';
import { MessageContext, Payload, Subscribe } from '../../lib/index.js';
import { contextOf } from '../support/delivery-context.js';
import { Handlers } from '../support/nest-handlers.js';

@Injectable({ scope: Scope.REQUEST })
class Request {
  static made = 0;
  readonly number = ++Request.made;
  constructor(@Inject(REQUEST) readonly request: unknown) {}
}

@Injectable({ scope: Scope.REQUEST })
class Scoped {
  constructor(
    readonly request: Request,
    @Inject(REQUEST) private readonly context: MessageContext,
  ) {}

  @Subscribe('orders', 'x')
  handle(@Payload() payload: unknown) {
    return [this.request.number, this.context.message.payload, payload, this.request.request === this.context];
  }

  @Subscribe('orders', 'y')
  many() {
    return of(this.request.number, this.request.number);
  }
}

const hosts: [string, (host: typeof Scoped) => object][] = [
  ['provider', (host) => ({ providers: [Request, host] })],
  ['controller', (host) => ({ providers: [Request], controllers: [host] })],
];

describe.each(hosts)('a request-scoped %s', (kind, metadata) => {
  if (kind === 'controller') Controller({ scope: Scope.REQUEST })(Scoped);

  it('is made for each message, and REQUEST is the MessageContext', async () => {
    Request.made = 0;
    const handlers = await Handlers.of(metadata(Scoped));
    expect(await handlers.call('Scoped.handle', 'a')).toEqual([1, 'a', 'a', true]);
    expect(await handlers.call('Scoped.handle', 'b')).toEqual([2, 'b', 'b', true]);
  });

  it('gives all items of an Observable', async () => {
    Request.made = 0;
    const handlers = await Handlers.of(metadata(Scoped));
    expect(await handlers.published('Scoped.many')).toEqual([1, 1]);
  });
});

it('a static class that a request-scoped one is injected into is made for each message', async () => {
  @Injectable()
  class Bubbling {
    constructor(private readonly request: Request) {}
    @Subscribe('orders', 'x')
    handle() {
      return this.request.number;
    }
  }
  Request.made = 0;
  const handlers = await Handlers.of({ providers: [Request, Bubbling] });
  expect([await handlers.call('Bubbling.handle'), await handlers.call('Bubbling.handle')]).toEqual([1, 2]);
});

it('a transient provider is made for each message', async () => {
  let made = 0;
  @Injectable({ scope: Scope.TRANSIENT })
  class Transient {
    readonly number = ++made;
    @Subscribe('orders', 'x')
    handle() {
      return this.number;
    }
  }
  const handlers = await Handlers.of({ providers: [Transient] });
  made = 0;
  expect([await handlers.call('Transient.handle'), await handlers.call('Transient.handle')]).toEqual([1, 2]);
});

it('what the handler resolves by the context id of its message is the same instance', async () => {
  @Injectable()
  class Resolving {
    constructor(
      private readonly request: Request,
      private readonly moduleRef: ModuleRef,
    ) {}
    @Subscribe('orders', 'x')
    async handle(_: unknown, context: MessageContext) {
      const found = await this.moduleRef.resolve(Request, ContextIdFactory.getByRequest(context));
      return found === this.request;
    }
  }
  const handlers = await Handlers.of({ providers: [Request, Resolving] });
  expect(await handlers.call('Resolving.handle')).toBe(true);
});

it('a scoped class provided by two modules is made by its own module', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Named {
    constructor(@Inject('NAME') private readonly name: string) {}
    @Subscribe('orders', 'x')
    handle() {
      return this.name;
    }
  }
  @Module({ providers: [Named, { provide: 'NAME', useValue: 'one' }] })
  class One {}
  @Module({ providers: [Named, { provide: 'NAME', useValue: 'two' }] })
  class Two {}
  const handlers = await Handlers.of({ imports: [One, Two] });
  const results = handlers.explorer.explore().declarations.map(({ call }) => call(contextOf(1)));
  expect(await Promise.all(results)).toEqual(['one', 'two']);
});

describe('a request-scoped APP_GUARD', () => {
  @Injectable({ scope: Scope.REQUEST })
  class AppGuard implements CanActivate {
    constructor(@Inject(REQUEST) private readonly context: MessageContext) {}
    canActivate() {
      return this.context.message.payload !== 'no';
    }
  }
  class Orders {
    @Subscribe('orders', 'x')
    handle() {
      return 'handled';
    }
  }
  @Injectable()
  class Provider extends Orders {}
  @Controller()
  class AController extends Orders {}
  const guard = { provide: APP_GUARD, useClass: AppGuard };
  const provided = { provide: 'X', useClass: Provider };

  it.each([
    ['a provider', 'Provider', { providers: [Provider, guard] }],
    ['a provider under another token', 'Provider', { providers: [provided, guard] }],
    ['a controller', 'AController', { controllers: [AController], providers: [guard] }],
  ])('runs on %s', async (_, name, metadata) => {
    const handlers = await Handlers.of(metadata);
    expect(await handlers.call(`${name}.handle`, 'yes')).toBe('handled');
    const refusal: unknown = await handlers.call(`${name}.handle`, 'no').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ message: 'Forbidden resource' });
    expect(isRejection(refusal)).toBe(true);
  });

  it('cannot run on an instance that a factory made, which is a problem rather than a hole', async () => {
    const handlers = await Handlers.of({ providers: [{ provide: 'X', useFactory: () => new Provider() }, guard] });
    const [declaration] = handlers.explorer.explore().declarations;
    expect(declaration!.problems.map(({ code, handler }) => [code, handler])).toEqual([
      ['MULTI_BROKER_ENHANCER', 'Provider.handle'],
    ]);
  });
});

describe('a request-scoped guard', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Guard implements CanActivate {
    constructor(@Inject(REQUEST) private readonly context: MessageContext) {}
    canActivate(host: ExecutionContext) {
      return host.switchToRpc().getContext() === this.context && this.context.message.payload !== 'no';
    }
  }

  it.each(['class', 'method'])('runs when it stands on a static %s', async (place) => {
    const on = (here: string): ClassDecorator & MethodDecorator =>
      here === place ? UseGuards(Guard) : () => undefined;
    @Injectable()
    @on('class')
    class Orders {
      @Subscribe('orders', 'x')
      @on('method')
      handle() {
        return 'handled';
      }
    }
    const handlers = await Handlers.of({ providers: [Orders] });
    expect(await handlers.call('Orders.handle', 'yes')).toBe('handled');
    await expect(handlers.call('Orders.handle', 'no')).rejects.toThrow('Forbidden resource');
  });
});

describe('an error while the instance is made', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Broken {
    constructor() {
      throw new Error('cannot be made');
    }
  }
  @Injectable()
  class Orders {
    constructor(readonly broken: Broken) {}
    @Subscribe('orders', 'x')
    handle() {}
  }

  it('fails the call', async () => {
    @Injectable()
    class Unfiltered extends Orders {}
    const handlers = await Handlers.of({ providers: [Broken, Unfiltered] });
    await expect(handlers.call('Unfiltered.handle')).rejects.toThrow('cannot be made');
  });

  it("goes to the handler's filters", async () => {
    @Catch()
    class Filter implements ExceptionFilter {
      catch(error: Error) {
        return `filtered: ${error.message}`;
      }
    }
    @Injectable()
    @UseFilters(Filter)
    class Filtered extends Orders {}
    const handlers = await Handlers.of({ providers: [Broken, Filtered] });
    expect(await handlers.call('Filtered.handle')).toBe('filtered: cannot be made');
  });
});

describe('with a durable strategy', () => {
  afterEach(() => {
    ContextIdFactory.apply(undefined as never);
  });

  it('a durable provider is made once a tenant, with the payload of the strategy as REQUEST', async () => {
    const tenants = new Map<string, ContextId>();
    ContextIdFactory.apply({
      attach(contextId, request: MessageContext) {
        const tenant = request.message.headers.tenant!;
        const parent = tenants.get(tenant) ?? ContextIdFactory.create();
        tenants.set(tenant, parent);
        return { resolve: ({ isTreeDurable }) => (isTreeDurable ? parent : contextId), payload: { tenant } };
      },
    });
    let made = 0;
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Durable {
      readonly number = ++made;
      constructor(@Inject(REQUEST) readonly request: { tenant: string }) {}
      @Subscribe('orders', 'x')
      handle() {
        return [this.number, this.request.tenant];
      }
    }
    const handlers = await Handlers.of({ providers: [Durable] });
    const call = (tenant: string) => handlers.call('Durable.handle', 1, 'explorer', { headers: { tenant } });
    expect([await call('a'), await call('b'), await call('a')]).toEqual([
      [1, 'a'],
      [2, 'b'],
      [1, 'a'],
    ]);
  });

  it('one that is not durable has the payload of the strategy beside what REQUEST is', async () => {
    ContextIdFactory.apply({
      attach: (contextId) => ({ resolve: () => contextId, payload: { tenant: 'a', source: 'taken already' } }),
    });
    @Injectable({ scope: Scope.REQUEST })
    class Each {
      constructor(@Inject(REQUEST) readonly request: MessageContext & { tenant: string }) {}
      @Subscribe('orders', 'x')
      handle() {
        return [this.request.tenant, this.request.source];
      }
    }
    const handlers = await Handlers.of({ providers: [Each] });
    expect(await handlers.call('Each.handle')).toEqual(['a', 'source']);
  });

  it('one that says nothing of a message, by null, does not keep it from its handler', async () => {
    ContextIdFactory.apply({ attach: (contextId) => ({ resolve: () => contextId, payload: null as never }) });
    const handlers = await Handlers.of({ providers: [Request, Scoped] });
    expect(await handlers.call('Scoped.handle', 'a')).toEqual([expect.any(Number), 'a', 'a', true]);
  });
});
