import {
  type ArgumentsHost,
  BadRequestException,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { BaseRpcExceptionFilter, RpcException } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EMPTY, of } from 'rxjs';
import {
  isBrokerContext,
  MessageContext,
  MultiBroker,
  MultiBrokerModule,
  outgoing,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
});
afterEach(async () => {
  await closeApps();
  jest.restoreAllMocks();
});

const retry = { attempts: 3, delayMs: 1 };
const root = () => MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server, retry })]);

/** Starts, publishes one message, and waits until it is settled. */
async function deliver(providers: object[], payload: unknown = 1) {
  const app = await start({ imports: [root()], providers: providers as never });
  await app.get(MultiBroker).default.publish('in', payload);
  await eventually(() => expect(server.settled.filter(({ queue }) => queue === 'in')).toHaveLength(1));
  return { app, settled: server.settled[0]!.how, out: server.published.filter(({ queue }) => queue === 'out') };
}

describe('a filter that settles by hand', () => {
  @Catch()
  class Acks extends BaseRpcExceptionFilter {
    override catch(error: Error, host: ArgumentsHost) {
      host.switchToRpc().getContext<MessageContext>().ack();
      return super.catch(error, host);
    }
  }
  @Injectable()
  @UseFilters(new Acks())
  class Orders {
    @Subscribe('orders', 'in')
    on() {
      throw new RpcException('no stock');
    }
  }

  it('has dealt with the failure, though it passes it on to who asked: no ERROR, no further call', async () => {
    const error = jest.spyOn(Logger.prototype, 'error');
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const { settled, app } = await deliver([Orders]);
    await eventually(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining('its filter settled it')));
    expect([settled, error.mock.calls]).toEqual(['ack', []]);
    expect(app.get(MultiBroker).default.health().counts).toMatchObject({ failed: 1, rejected: 0 });
  });
});

describe.each([
  ['nothing', undefined],
  ['an empty Observable', EMPTY],
])('a filter that gives %s', (_, given) => {
  @Catch()
  class Swallows implements ExceptionFilter {
    catch() {
      return given;
    }
  }
  @Injectable()
  @UseFilters(new Swallows())
  class Orders {
    @Subscribe('orders', 'in')
    @PublishTo('orders', 'out')
    on() {
      throw new Error('no stock');
    }
  }

  it('has dealt with the failure: acked, nothing published, no ERROR, and a warning says so', async () => {
    const error = jest.spyOn(Logger.prototype, 'error');
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const { settled, out, app } = await deliver([Orders]);
    expect([settled, out, error.mock.calls]).toEqual(['ack', [], []]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('its filter dealt with it: no stock'));
    expect(app.get(MultiBroker).default.health().counts).toMatchObject({ failed: 1, rejected: 0 });
  });
});

describe('a pipe that refuses', () => {
  const calls = { pipe: 0, handler: 0 };
  const pipe: PipeTransform = {
    transform() {
      calls.pipe++;
      throw new BadRequestException(['name must be a string', 'count must be an integer']);
    },
  };
  @Injectable()
  class Orders {
    @Subscribe('orders', 'in')
    on(@Payload(pipe) _order: unknown) {
      calls.handler++;
    }
  }

  it('rejects the message at once, and log and health say all that is wrong with it', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { settled, app } = await deliver([Orders]);
    expect({ settled, ...calls }).toEqual({ settled: 'reject', pipe: 1, handler: 0 });
    const said = 'name must be a string; count must be an integer';
    expect(error.mock.calls.flat().map(String).join()).toContain(said);
    const { status, notes, counts } = app.get(MultiBroker).default.health();
    expect([status, counts.rejected, notes]).toEqual(['up', 1, [expect.stringContaining(said)]]);
  });
});

describe('a guard that refuses', () => {
  const calls = { guard: 0, handler: 0 };
  @Injectable()
  class Guard implements CanActivate {
    canActivate(context: ExecutionContext) {
      calls.guard++;
      return context.switchToRpc().getData() !== 'no';
    }
  }
  class Handler {
    @Subscribe('orders', 'in')
    handle() {
      calls.handler++;
    }
  }
  beforeEach(() => {
    calls.guard = calls.handler = 0;
  });

  it('rejects the message at once: no retry, no second delivery', async () => {
    @Injectable()
    @UseGuards(Guard)
    class Guarded extends Handler {}
    const { settled, app } = await deliver([Guarded], 'no');
    expect({ settled, ...calls }).toEqual({ settled: 'reject', guard: 1, handler: 0 });
    expect(app.get(MultiBroker).health().brokers[0]!.counts.rejected).toBe(1);
  });

  it('does so under a filter for RPC that makes another error of it', async () => {
    @Injectable()
    @UseGuards(Guard)
    @UseFilters(BaseRpcExceptionFilter)
    class Guarded extends Handler {}
    expect(await deliver([Guarded], 'no')).toMatchObject({ settled: 'reject' });
    expect(calls).toEqual({ guard: 1, handler: 0 });
  });

  it.each([
    ['APP_GUARD', { provide: APP_GUARD, useClass: Guard }],
    ['a request-scoped APP_GUARD', { provide: APP_GUARD, useClass: Guard, scope: Scope.REQUEST }],
  ])('does so as %s', async (_, guard) => {
    @Injectable()
    class Guarded extends Handler {}
    expect(await deliver([Guarded, guard], 'no')).toMatchObject({ settled: 'reject' });
    expect(calls).toEqual({ guard: 1, handler: 0 });
  });

  it('does so by app.useGlobalGuards()', async () => {
    @Injectable()
    class Guarded extends Handler {}
    const moduleRef = await Test.createTestingModule({ imports: [root()], providers: [Guarded] }).compile();
    const app = moduleRef.createNestApplication();
    app.useGlobalGuards(new Guard());
    await app.init();
    await app.get(MultiBroker).default.publish('in', 'no');
    await eventually(() => expect(server.settled).toHaveLength(1));
    await app.close();
    expect(calls).toEqual({ guard: 1, handler: 0 });
  });

  it('can tell messages from HTTP requests', async () => {
    const seen: boolean[] = [];
    const guard: CanActivate = { canActivate: (context) => seen.push(isBrokerContext(context)) > 0 };
    @Injectable()
    @UseGuards(guard)
    class Guarded extends Handler {}
    await deliver([Guarded]);
    expect(seen).toEqual([true]);
  });
});

describe('a failing handler', () => {
  let calls = 0;
  beforeEach(() => {
    calls = 0;
  });
  const failing = (...decorators: ClassDecorator[]) => {
    class Failing {
      @Subscribe('orders', 'in')
      handle() {
        calls++;
        throw new Error('no');
      }
    }
    for (const decorate of [Injectable(), ...decorators]) decorate(Failing);
    return Failing;
  };

  it('is called as often as retry says', async () => {
    await deliver([failing()]);
    expect(calls).toBe(3);
  });

  it('is so under a filter for RPC, whose throwError Observable is a failure', async () => {
    await deliver([failing(UseFilters(BaseRpcExceptionFilter))]);
    expect(calls).toBe(3);
  });

  it('is a success where a filter gives a value, which is published', async () => {
    @Catch()
    class Instead implements ExceptionFilter {
      catch() {
        return 'instead';
      }
    }
    const type = failing(UseFilters(Instead));
    PublishTo('orders', 'out')(type.prototype, 'handle', Object.getOwnPropertyDescriptor(type.prototype, 'handle')!);
    const { settled, out } = await deliver([type]);
    expect({ calls, settled, out: out.map(({ body }) => body) }).toEqual({
      calls: 1,
      settled: 'ack',
      out: ['instead'],
    });
  });

  it('is logged once, not once an attempt', async () => {
    await deliver([failing()]);
    expect(Logger.prototype.error).toHaveBeenCalledTimes(1);
  });
});

describe('a result', () => {
  const publishing = (give: () => unknown) => {
    @Injectable()
    class Publishing {
      @Subscribe('orders', 'in')
      @PublishTo('orders', 'out')
      handle(): unknown {
        return give();
      }
    }
    return Publishing;
  };
  async function* iterable() {
    yield 'a';
    yield outgoing('b', { key: 'k' });
  }

  it.each<[string, () => unknown, (string | null)[]]>([
    ['undefined', () => undefined, []],
    ['null', () => null, [null]],
    ['a value', () => 'a', ['a']],
    ['an Observable', () => of('a', 'b', 'c'), ['a', 'b', 'c']],
    ['an async iterable', iterable, ['a', 'b']],
    ['an array', () => [1, 2], ['[1,2]']],
    ['outgoing.each()', () => outgoing.each([1, 2]), ['1', '2']],
  ])('%s is published as the page of return values says', async (_, give, bodies) => {
    const { out } = await deliver([publishing(give)]);
    expect(out.map(({ body }) => body)).toEqual(bodies);
  });
});

it('a request-scoped handler has an instance for each message, with the context as REQUEST', async () => {
  const seen: unknown[] = [];
  @Injectable({ scope: Scope.REQUEST })
  class Scoped {
    constructor(@Inject(REQUEST) private readonly context: MessageContext) {}
    @Subscribe('orders', 'in')
    handle(@Payload() payload: unknown) {
      seen.push([this, this.context.message.payload, payload]);
    }
  }
  const { app } = await deliver([Scoped], 'a');
  await app.get(MultiBroker).default.publish('in', 'b');
  await eventually(() =>
    expect(seen).toEqual([
      [expect.anything(), 'a', 'a'],
      [expect.anything(), 'b', 'b'],
    ]),
  );
  expect((seen[0] as unknown[])[0]).not.toBe((seen[1] as unknown[])[0]);
});
