import {
  type ArgumentMetadata,
  Body,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Headers,
  Injectable,
  Param,
  ParseIntPipe,
  type PipeTransform,
  Post,
  Query,
  Req,
  Scope,
  UsePipes,
} from '@nestjs/common';
import { Ctx as NestCtx, Payload as NestPayload } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import { Ctx, MessageContext, MessageHeaders, MessageKey, MessageParam, Payload, Subscribe } from '../../lib/index.js';
import { contextOf } from '../support/delivery-context.js';
import { bothWays, Handlers } from '../support/nest-handlers.js';

const fields = { headers: { tenant: 't', count: '7' }, key: 'k', params: { 0: 'eu', id: '8' } };
const payload = { id: '5', name: 'n' };

const Later = createParamDecorator(async (name: string, context: ExecutionContext) => {
  await Promise.resolve();
  return context.switchToRpc().getData<Record<string, unknown>>()[name];
});
const Tenant = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return context.switchToRpc().getContext<MessageContext>().message.headers.tenant;
});

@Injectable()
class Upper implements PipeTransform {
  transform(value: string) {
    return value.toUpperCase();
  }
}

@Injectable()
class LaterPipe implements PipeTransform {
  async transform(value: unknown) {
    await Promise.resolve();
    return value;
  }
}

@Injectable()
class Orders {
  @Subscribe('orders', 'x')
  bare(...args: unknown[]) {
    return args;
  }

  @Subscribe('orders', 'x')
  ours(
    @Payload() all: unknown,
    @Payload('id', ParseIntPipe) id: number,
    @Ctx() context: MessageContext,
    @MessageHeaders() headers: unknown,
    @MessageHeaders('count', ParseIntPipe) count: number,
    @MessageKey() key: string,
    @MessageParam() params: unknown,
    @MessageParam('id') param: string,
  ) {
    return [all, id, context.message.key, headers, count, key, params, param];
  }

  @Subscribe('orders', 'x')
  nests(@NestCtx() context: MessageContext, @NestPayload() all: unknown, @NestPayload('name', Upper) name: string) {
    return [context.source, all, name];
  }

  @Subscribe('orders', 'x')
  custom(@Tenant() tenant: string, @Tenant(Upper) upper: string, @Later('name', Upper, LaterPipe) name: string) {
    return [tenant, upper, name];
  }

  @Subscribe('orders', 'x')
  http(@Body() all: unknown, @Headers() context: MessageContext) {
    return [all, context.source];
  }

  @Subscribe('orders', 'x')
  gap(@MessageKey() key: string, _undecorated: unknown, @Later('name') name: string) {
    return [key, _undecorated, name];
  }

  @Subscribe('orders', 'x')
  failing(@Payload('id', LaterPipe) _id: string, @Payload('name', ParseIntPipe) _name: number) {
    return 'called';
  }
}

describe.each(bothWays)('a method gets (%s)', (way) => {
  const call = async (method: string, given: unknown = payload) =>
    (await Handlers.of({ providers: [Orders] })).call(`Orders.${method}`, given, way, fields);

  it('payload and context, where nothing is decorated', async () => {
    expect(await call('bare')).toEqual([payload, expect.any(MessageContext)]);
  });

  it("what the library's decorators say, through their pipes", async () => {
    expect(await call('ours')).toEqual([payload, 5, 'k', fields.headers, 7, 'k', fields.params, '8']);
  });

  it('what the decorators of @nestjs/microservices say', async () => {
    expect(await call('nests')).toEqual(['source', payload, 'N']);
  });

  it('what createParamDecorator makes, asynchronous factories and pipes awaited', async () => {
    expect(await call('custom')).toEqual(['t', 'T', 'N']);
  });

  it('payload and context by @Body() and @Headers(), which carry the same numbers', async () => {
    expect(await call('http')).toEqual([payload, 'source']);
  });

  it('undefined for an undecorated parameter between decorated ones', async () => {
    expect(await call('gap')).toEqual(['k', undefined, 'n']);
  });

  it('undefined for a property of a payload that has none', async () => {
    const handlers = await Handlers.of({ providers: [Orders] });
    await expect(handlers.call('Orders.nests', null, way)).rejects.toThrow(TypeError);
    expect(await handlers.call('Orders.ours', { id: '1' }, way, fields)).toHaveLength(8);
  });

  it('nothing where a pipe fails: the call fails, and no other rejection is left behind', async () => {
    await expect(call('failing')).rejects.toThrow('Validation failed');
  });
});

describe('a pipe', () => {
  it.each(bothWays)('on the method sees the payload as a body, and what it is declared as (%s)', async (way) => {
    const seen: ArgumentMetadata[] = [];
    class Order {
      id!: string;
    }
    const pipe: PipeTransform = { transform: (value: unknown, metadata) => (seen.push(metadata), value) };
    @Injectable()
    class Typed {
      @Subscribe('orders', 'x')
      @UsePipes(pipe)
      handle(@Payload() order: Order, @MessageKey() _key: string) {
        return order;
      }
    }
    const handlers = await Handlers.of({ providers: [Typed] });
    await handlers.call('Typed.handle', payload, way);
    expect(seen.sort((a, b) => a.type.localeCompare(b.type))).toEqual([
      expect.objectContaining({ type: 'body', metatype: Order, data: undefined }),
      expect.objectContaining({ type: 'custom', metatype: String }),
    ]);
  });
});

describe('without a parameter decorator', () => {
  class Order {
    id!: string;
  }
  const typed: PipeTransform = { transform: (value: Order, { type, metatype }) => [value.id, type, metatype] };

  @Injectable()
  class Bare {
    @Subscribe('orders', 'x')
    @UsePipes(typed)
    atOnce(order: Order, context?: MessageContext) {
      return [order, context];
    }

    @Subscribe('orders', 'x')
    @UsePipes(LaterPipe, typed)
    later(order: Order, context?: MessageContext) {
      return [order, context];
    }

    @Subscribe('orders', 'x')
    @UsePipes(ParseIntPipe)
    failing(_order: Order) {}
  }

  @Injectable({ scope: Scope.REQUEST })
  class ScopedBare extends Bare {}

  it.each([
    ['compiled', 'Bare'],
    ['external', 'Bare'],
    ['explorer', 'ScopedBare'],
  ] as const)('pipes see the payload, as in @nestjs/microservices, and not the context (%s, %s)', async (way, name) => {
    const handlers = await Handlers.of({ providers: [Bare, ScopedBare] });
    const piped = [['5', 'body', Order], expect.any(MessageContext)];
    expect(await handlers.call(`${name}.atOnce`, payload, way)).toEqual(piped);
    expect(await handlers.call(`${name}.later`, payload, way)).toEqual(piped);
    await expect(handlers.call(`${name}.failing`, payload, way)).rejects.toThrow('Validation failed');
  });
});

describe('a parameter decorator of HTTP', () => {
  const problemsOf = async (controller: object) => {
    const handlers = await Handlers.of({ controllers: [controller as never] });
    return handlers.explorer.explore().declarations.flatMap(({ problems }) => problems);
  };

  it('that no message can fill is a problem that names method and place', async () => {
    @Controller('mixed')
    class Mixed {
      @Subscribe('orders', 'x')
      handle(@Payload() _a: unknown, @Query('q') _b: string, @Param() _c: unknown, @Req() _d: unknown) {}
    }
    const problems = await problemsOf(Mixed);
    expect(problems.map(({ code, message, handler }) => [code, message, handler]).sort()).toEqual([
      [
        'MULTI_BROKER_PARAMETER',
        expect.stringContaining('Mixed.handle: parameter 2 is decorated by @Query()'),
        'Mixed.handle',
      ],
      [
        'MULTI_BROKER_PARAMETER',
        expect.stringContaining('Mixed.handle: parameter 3 is decorated by @Param()'),
        'Mixed.handle',
      ],
      [
        'MULTI_BROKER_PARAMETER',
        expect.stringContaining('Mixed.handle: parameter 4 is decorated by @Req()'),
        'Mixed.handle',
      ],
    ]);
  });

  it('is told once for a method with several sources', async () => {
    @Controller('mixed')
    class Mixed {
      @Subscribe('orders', 'x')
      @Subscribe('orders', 'y')
      handle(@Query('q') _q: string) {}
    }
    expect(await problemsOf(Mixed)).toHaveLength(1);
  });

  it('is no problem on a method that is no handler, nor @Body() on one that is both', async () => {
    @Controller('both')
    class Both {
      @Get()
      http(@Query('q') q: string) {
        return q;
      }

      @Post()
      @Subscribe('orders', 'x')
      both(@Body() body: unknown) {
        return body;
      }
    }
    expect(await problemsOf(Both)).toEqual([]);
  });
});

it('the payload of the context is the one that the guard saw last', async () => {
  const handlers = await Handlers.of({ providers: [Orders] });
  const context = contextOf(payload, fields);
  for (const way of bothWays) expect(await handlers.callIn('Orders.bare', context, way)).toEqual([payload, context]);
});
