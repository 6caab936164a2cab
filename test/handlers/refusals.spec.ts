import {
  type ArgumentsHost,
  BadRequestException,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  ForbiddenException,
  Injectable,
  type PipeTransform,
  ServiceUnavailableException,
  UnauthorizedException,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { BaseRpcExceptionFilter, RpcException } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import { EMPTY, of, throwError } from 'rxjs';
import { isRejection } from '../../lib/delivery/index.js';
import { Payload, Subscribe } from '../../lib/index.js';
import { bothWays, Handlers, type Way } from '../support/nest-handlers.js';

type Verdict = ReturnType<CanActivate['canActivate']>;

/** What a call of a handler behind the guard rejects with. */
async function thrownBehind(canActivate: () => Verdict, way: Way, filters: ExceptionFilter[] = []): Promise<unknown> {
  @Injectable()
  @UseGuards({ canActivate } satisfies CanActivate)
  @UseFilters(...filters)
  class Orders {
    @Subscribe('orders', 'x')
    handle() {
      return 'handled';
    }
  }
  const handlers = await Handlers.of({ providers: [Orders] });
  return handlers.call('Orders.handle', 1, way).then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
}

const throwing = (error: unknown) => () => {
  throw error;
};

describe.each(bothWays)('a guard (%s)', (way) => {
  it.each<[string, () => Verdict]>([
    ['true', () => true],
    ['a promise of true', async () => true],
    ['an Observable of true', () => of(true)],
  ])('that gives %s lets the message pass', async (_, verdict) => {
    expect(await thrownBehind(verdict, way)).toEqual({ value: 'handled' });
  });

  it.each<[string, () => Verdict]>([
    ['gives false', () => false],
    ['gives a promise of false', async () => false],
    ['gives an Observable of false', () => of(false)],
    ['throws an HTTP exception below 500', throwing(new UnauthorizedException())],
    ['rejects with one', () => Promise.reject(new ForbiddenException())],
    ['throws an RpcException', throwing(new RpcException('no'))],
  ])('that %s refuses: the message is rejected', async (_, verdict) => {
    const thrown = await thrownBehind(verdict, way);
    expect(thrown).toBeInstanceOf(Error);
    expect(isRejection(thrown)).toBe(true);
  });

  it.each<[string, () => Verdict]>([
    ['throws an error of another kind', throwing(new Error('its database is down'))],
    ['throws an HTTP exception from 500', throwing(new ServiceUnavailableException())],
    ['gives an empty Observable', () => EMPTY],
  ])('that %s fails: the message may come again', async (_, verdict) => {
    const thrown = await thrownBehind(verdict, way);
    expect(thrown).toBeInstanceOf(Error);
    expect(isRejection(thrown)).toBe(false);
  });

  @Catch()
  class Converting implements ExceptionFilter {
    catch() {
      return throwError(() => 'converted');
    }
  }

  it.each<[string, ExceptionFilter]>([
    ['another error', new Converting()],
    ["what Nest's filter for RPC makes of it", new BaseRpcExceptionFilter()],
  ])('its refusal is a rejection still when a filter makes %s of it', async (_, filter) => {
    expect(isRejection(await thrownBehind(() => false, way, [filter]))).toBe(true);
  });

  it('its refusal is a result when a filter makes one of it', async () => {
    @Catch(ForbiddenException)
    class Telling implements ExceptionFilter {
      catch(_: Error, host: ArgumentsHost) {
        return `no: ${String(host.switchToRpc().getData())}`;
      }
    }
    expect(await thrownBehind(() => false, way, [new Telling()])).toEqual({ value: 'no: 1' });
  });
});

it('an exception of HTTP that the method itself throws is no refusal', async () => {
  @Injectable()
  class Orders {
    @Subscribe('orders', 'x')
    handle() {
      throw new ForbiddenException();
    }
  }
  const handlers = await Handlers.of({ providers: [Orders] });
  for (const way of bothWays) {
    expect(isRejection(await handlers.call('Orders.handle', 1, way).catch((error: unknown) => error))).toBe(false);
  }
});

/** What a call rejects with whose payload goes through a pipe that throws this. */
async function thrownByPipe(thrown: () => unknown, way: Way, filters: ExceptionFilter[] = []): Promise<unknown> {
  const pipe: PipeTransform = { transform: thrown };
  @Injectable()
  @UseFilters(...filters)
  class Orders {
    @Subscribe('orders', 'x')
    handle(@Payload(pipe) _order: unknown) {
      return 'handled';
    }
  }
  const handlers = await Handlers.of({ providers: [Orders] });
  return handlers.call('Orders.handle', 1, way).catch((error: unknown) => error);
}

describe.each(bothWays)('a pipe (%s)', (way) => {
  const listed = new BadRequestException(['name must be a string', 'count must be an integer']);

  it.each<[string, () => unknown]>([
    ['throws an HTTP exception below 500', throwing(new BadRequestException('no'))],
    ['rejects with one', () => Promise.reject(new BadRequestException('no'))],
    ['throws an RpcException', throwing(new RpcException('no'))],
  ])('that %s refuses: the message cannot succeed, and is rejected', async (_, thrown) => {
    const error = await thrownByPipe(thrown, way);
    expect(isRejection(error)).toBe(true);
    expect((error as Error).message).toContain('no');
  });

  it.each<[string, () => unknown]>([
    ['throws an error of another kind', throwing(new Error('its database is down'))],
    ['throws an HTTP exception from 500', throwing(new ServiceUnavailableException())],
  ])('that %s fails: the message may come again', async (_, thrown) => {
    expect(isRejection(await thrownByPipe(thrown, way))).toBe(false);
  });

  it('says all that its response lists, where the exception itself says "Bad Request Exception"', async () => {
    const error = await thrownByPipe(throwing(listed), way);
    expect(error).toMatchObject({ code: 'MULTI_BROKER_REJECTED', cause: listed, handler: 'Orders.handle' });
    expect((error as Error).message).toContain('name must be a string; count must be an integer');
  });

  it('lists texts only: objects of a response may hold the payload', async () => {
    const error = await thrownByPipe(throwing(new BadRequestException([{ target: { card: '4711' } }])), way);
    expect((error as Error).message).not.toContain('4711');
  });

  it('shows filters the exception itself', async () => {
    const seen: unknown[] = [];
    @Catch(BadRequestException)
    class Sees implements ExceptionFilter {
      catch(error: Error) {
        seen.push(error);
        throw error;
      }
    }
    expect(await thrownByPipe(throwing(listed), way, [new Sees()])).toMatchObject({ cause: listed });
    expect(seen).toEqual([listed]);
  });

  it('has nothing to do with what the method throws', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'x')
      handle(@Payload({ transform: (value: unknown) => value }) _order: unknown) {
        throw new BadRequestException('the shop says so');
      }
    }
    const handlers = await Handlers.of({ providers: [Orders] });
    const error: unknown = await handlers.call('Orders.handle', 1, way).catch((thrown: unknown) => thrown);
    expect([isRejection(error), error]).toEqual([false, expect.any(BadRequestException)]);
  });
});
