import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger, UseFilters } from '@nestjs/common';
import { BaseRpcExceptionFilter, RpcException } from '@nestjs/microservices';
import { describe, expect, it, jest } from '@jest/globals';
import { EMPTY, of, throwError } from 'rxjs';
import { Subscribe } from '../../lib/index.js';
import { bothWays, Handlers, type Way } from '../support/nest-handlers.js';

class Expected extends Error {}

function filterOf(give: (error: Error, host: ArgumentsHost) => unknown): ExceptionFilter {
  @Catch(Expected)
  class Filter implements ExceptionFilter {
    catch = give;
  }
  return new Filter();
}

async function handlersWith(filter: ExceptionFilter, fail: () => unknown): Promise<Handlers> {
  @Injectable()
  @UseFilters(filter)
  class Orders {
    @Subscribe('orders', 'x')
    handle(): unknown {
      return fail();
    }
  }
  return Handlers.of({ providers: [Orders] });
}

const failing: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw new Expected('failed');
    },
  ],
  ['rejects', () => Promise.reject(new Expected('failed'))],
  ['returns a failing Observable', () => throwError(() => new Expected('failed'))],
  ['resolves to a failing Observable', async () => throwError(() => new Expected('failed'))],
];
const cases = failing.flatMap(([how, fail]) => bothWays.map((way): [string, Way, () => unknown] => [how, way, fail]));

describe.each(cases)('when a method %s (%s)', (_, way, fail) => {
  const filtered = async (give: (error: Error, host: ArgumentsHost) => unknown) =>
    (await handlersWith(filterOf(give), fail)).published('Orders.handle', 1, way);

  it.each<[string, unknown, unknown[]]>([
    ['a value', 'instead', ['instead']],
    ['null', null, [null]],
    ['a falsy value', 0, [0]],
    ['a promise', Promise.resolve('instead'), ['instead']],
    ['an Observable, all its items', of(1, 2), [1, 2]],
    ['an empty Observable: nothing', EMPTY, []],
  ])("the filter's value is the result: %s", async (_name, given, expected) => {
    expect(await filtered(() => given)).toEqual(expected);
  });

  it.each<[string, () => unknown]>([
    ['returns a throwError Observable', () => throwError(() => new Error('other'))],
    [
      'throws',
      () => {
        throw new Error('other');
      },
    ],
    ['rejects', () => Promise.reject(new Error('other'))],
  ])('it is a failure when the filter %s', async (_name, give) => {
    await expect(filtered(give)).rejects.toThrow('other');
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a promise of nothing', async () => undefined],
  ])('a filter that gives %s has handled it: nothing is published', async (_name, give) => {
    expect(await filtered(give)).toEqual([]);
  });

  it('it stays the cause of what the filter throws instead', async () => {
    const failure = filtered(() => {
      throw new Error('other', { cause: new Error('own') });
    });
    expect(await failure.catch((error: unknown) => error)).toMatchObject({
      message: 'other',
      cause: { message: 'own', cause: expect.any(Expected) },
    });
  });

  it('it is told first, and may be tried as before, when a filter that is made for HTTP breaks', async () => {
    const failure = filtered((_error, host) =>
      host.switchToHttp().getResponse<{ status(code: number): unknown }>().status(500),
    );
    const told: unknown = await failure.catch((error: unknown) => error);
    expect(told).toMatchObject({ message: expect.stringMatching(/^failed/), cause: expect.any(Expected) });
    expect((told as Error).message).toContain('written for HTTP');
  });

  it('the filter sees payload and context', async () => {
    const seen: unknown[] = [];
    await filtered((error, host) => {
      seen.push(error.constructor, host.getType(), host.switchToRpc().getData(), host.getArgs().length);
      return 1;
    });
    expect(seen).toEqual([Expected, 'rpc', 1, 2]);
  });
});

describe.each(bothWays)('a filter (%s)', (way) => {
  const fail = () => {
    throw new RpcException('refused');
  };

  it("such as Nest's own for RPC makes a failure of an error, not a success", async () => {
    const handlers = await handlersWith(new BaseRpcExceptionFilter(), fail);
    const failure: unknown = await handlers.published('Orders.handle', 1, way).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ message: 'refused', cause: expect.any(RpcException) });
  });

  it.each([true, false])(
    'that fails with no Error leaves it to the error whether a retry may help: %s',
    async (retryable) => {
      const thrown = Object.assign(new Expected('failed'), { retryable });
      const handlers = await handlersWith(
        filterOf(() => throwError(() => 'masked')),
        () => Promise.reject(thrown),
      );
      const failure: unknown = await handlers.published('Orders.handle', 1, way).catch((error: unknown) => error);
      expect(failure).toMatchObject({ message: 'masked', cause: thrown });
      expect((failure as { retryable?: boolean }).retryable !== false).toBe(retryable);
    },
  );

  it('for errors of another class is passed by', async () => {
    const handlers = await handlersWith(
      filterOf(() => 'instead'),
      fail,
    );
    await expect(handlers.published('Orders.handle', 1, way)).rejects.toThrow(RpcException);
  });

  it('leaves the log to delivery: an error that nobody filters is not logged at each attempt', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const handlers = await handlersWith(
      filterOf(() => 'instead'),
      fail,
    );
    await handlers.call('Orders.handle', 1, way).catch(() => undefined);
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
  });
});
