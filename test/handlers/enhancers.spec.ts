import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  Module,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { tap } from 'rxjs';
import { isRejection } from '../../lib/delivery/index.js';
import { MessageContext, Payload, Subscribe } from '../../lib/index.js';
import { bothWays, Handlers } from '../support/nest-handlers.js';

let log: string[] = [];
beforeEach(() => {
  log = [];
});

/** Classes of enhancers of one level, each writing what it does. */
function enhancersOf(level: string) {
  @Injectable()
  class Guard implements CanActivate {
    canActivate(context: ExecutionContext) {
      log.push(`${level} guard`);
      return context.switchToRpc().getData() !== `no ${level}`;
    }
  }
  @Injectable()
  class Interceptor implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler) {
      log.push(`${level} interceptor in`);
      return next.handle().pipe(tap(() => log.push(`${level} interceptor out`)));
    }
  }
  @Injectable()
  class Pipe implements PipeTransform {
    transform(value: unknown) {
      log.push(`${level} pipe`);
      return value;
    }
  }
  @Catch()
  class Filter implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost) {
      log.push(`${level} filter: ${error.message} of ${String(host.switchToRpc().getData())}`);
      if (error.message === `for ${level}`) return `filtered by ${level}`;
      throw error;
    }
  }
  return { Guard, Interceptor, Pipe, Filter };
}

const app = enhancersOf('app');
const type = enhancersOf('class');
const method = enhancersOf('method');

function decorated(Kind: () => ClassDecorator) {
  @Kind()
  @UseGuards(type.Guard)
  @UseInterceptors(type.Interceptor)
  @UsePipes(type.Pipe)
  @UseFilters(type.Filter)
  class Orders {
    @Subscribe('orders', 'created')
    @UseGuards(method.Guard)
    @UseInterceptors(method.Interceptor)
    @UsePipes(method.Pipe)
    @UseFilters(method.Filter)
    handle(@Payload() payload: string) {
      log.push('handler');
      if (payload.startsWith('for')) throw new Error(payload);
      return `${payload}!`;
    }
  }
  return Orders;
}

const globals = [
  { provide: APP_GUARD, useClass: app.Guard },
  { provide: APP_INTERCEPTOR, useClass: app.Interceptor },
  { provide: APP_PIPE, useClass: app.Pipe },
  { provide: APP_FILTER, useClass: app.Filter },
];

const hosts = [
  ['provider', { providers: [decorated(Injectable), ...globals] }],
  ['provider under another token', { providers: [{ provide: 'X', useClass: decorated(Injectable) }, ...globals] }],
  ['controller', { controllers: [decorated(Controller)], providers: globals }],
] as const;

const cases = hosts.flatMap(([kind, metadata]) => bothWays.map((way) => ({ kind, way, metadata: { ...metadata } })));

describe.each(cases)('on a $kind ($way)', ({ way, metadata }) => {
  const start = () => Handlers.of({ ...metadata, providers: [...metadata.providers] } as never);

  it('guards, interceptors, pipes, the method run in this order: global, class, method', async () => {
    const handlers = await start();
    expect(await handlers.call('Orders.handle', 'Hi', way)).toBe('Hi!');
    expect(log).toEqual([
      'app guard',
      'class guard',
      'method guard',
      'app interceptor in',
      'class interceptor in',
      'method interceptor in',
      'app pipe',
      'class pipe',
      'method pipe',
      'handler',
      'method interceptor out',
      'class interceptor out',
      'app interceptor out',
    ]);
  });

  it.each(['app', 'class', 'method'])('a guard (%s) that denies keeps the message from the method', async (level) => {
    const handlers = await start();
    await expect(handlers.call('Orders.handle', `no ${level}`, way)).rejects.toThrow('Forbidden resource');
    expect(log).not.toContain('handler');
  });

  it.each([
    ['method', ['method filter: for method of for method']],
    ['class', ['method filter: for class of for class']],
    ['app', ['method filter: for app of for app']],
  ])('the nearest filter alone catches, here for %s', async (level, filtered) => {
    const handlers = await start();
    const call = handlers.call('Orders.handle', `for ${level}`, way);
    if (level === 'method') expect(await call).toBe('filtered by method');
    else await expect(call).rejects.toThrow(`for ${level}`);
    expect(log.filter((line) => line.includes('filter'))).toEqual(filtered);
  });
});

describe('a refusal by a guard', () => {
  it('is marked as a rejection, so that it is not retried', async () => {
    const handlers = await Handlers.of({ providers: [decorated(Injectable)] });
    for (const way of bothWays) {
      const refusal: unknown = await handlers.call('Orders.handle', 'no method', way).catch((error: unknown) => error);
      expect(isRejection(refusal)).toBe(true);
    }
  });
});

it('a class provided by two modules is guarded by what each module gives', async () => {
  @Injectable()
  class Door {
    constructor(readonly open: boolean) {}
  }
  @Injectable()
  class DoorGuard implements CanActivate {
    constructor(private readonly door: Door) {}
    canActivate() {
      return this.door.open;
    }
  }
  @Injectable()
  @UseGuards(DoorGuard)
  class Room {
    @Subscribe('orders', 'x')
    enter() {
      return 'in';
    }
  }
  const doors = (open: boolean) => ({ provide: Door, useValue: new Door(open) });
  @Module({ providers: [Room, doors(true)] })
  class OpenModule {}
  @Module({ providers: [Room, doors(false)] })
  class ClosedModule {}
  const handlers = await Handlers.of({ imports: [OpenModule, ClosedModule] });
  const [open, closed] = handlers.explorer.explore().declarations;
  const context = { message: {} } as never;
  expect(await open!.call(context)).toBe('in');
  await expect((async () => closed!.call(context))()).rejects.toThrow('Forbidden');
});

describe('a transient guard', () => {
  @Injectable({ scope: Scope.TRANSIENT })
  class Counting implements CanActivate {
    private readonly built = 'built';
    canActivate() {
      log.push(this.built);
      return true;
    }
  }
  it.each(bothWays)('is constructed, on a provider, a controller and globally (%s)', async (way) => {
    @Injectable()
    @UseGuards(Counting)
    class Provider {
      @Subscribe('orders', 'x')
      handle() {
        return 1;
      }
    }
    @Controller()
    @UseGuards(Counting)
    class AController {
      @Subscribe('orders', 'y')
      handle() {
        return 2;
      }
    }
    const handlers = await Handlers.of({
      providers: [Provider, { provide: APP_GUARD, useClass: Counting, scope: Scope.TRANSIENT }],
      controllers: [AController],
    });
    expect([await handlers.call('Provider.handle', 1, way), await handlers.call('AController.handle', 1, way)]).toEqual(
      [1, 2],
    );
    expect(log).toEqual(['built', 'built', 'built', 'built']);
  });
});

describe('the execution context', () => {
  it.each(bothWays)(
    "has type 'rpc', the payload as data, the MessageContext as context, class and method (%s)",
    async (way) => {
      const seen: unknown[] = [];
      const guard: CanActivate = {
        canActivate(context: ExecutionContext) {
          seen.push(
            context.getType(),
            context.switchToRpc().getData(),
            context.getClass().name,
            context.getHandler().name,
          );
          seen.push(context.switchToRpc().getContext() instanceof MessageContext, context.getArgs().length);
          return true;
        },
      };
      @Injectable()
      @UseGuards(guard)
      class Orders {
        @Subscribe('orders', 'x')
        handle() {}
      }
      const handlers = await Handlers.of({ providers: [Orders] });
      await handlers.call('Orders.handle', 'data', way);
      expect(seen).toEqual(['rpc', 'data', 'Orders', 'handle', true, 2]);
    },
  );
});
