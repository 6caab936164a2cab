import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { catchError, concat, delay, EMPTY, from, map, mergeMap, Observable, of, retry, tap, throwError } from 'rxjs';
import { outgoing, Subscribe } from '../../lib/index.js';
import { bothWays, Handlers } from '../support/nest-handlers.js';

type Intercept = (next: CallHandler, context: ExecutionContext) => Observable<unknown> | Promise<Observable<unknown>>;

async function handlersWith(method: () => unknown, ...intercepts: Intercept[]): Promise<Handlers> {
  const interceptors = intercepts.map((intercept): NestInterceptor => ({
    intercept: (context, next) => intercept(next, context),
  }));
  @Injectable()
  @UseInterceptors(...interceptors)
  class Orders {
    @Subscribe('orders', 'x')
    handle(): unknown {
      return method();
    }
  }
  return Handlers.of({ providers: [Orders] });
}

const pass: Intercept = (next) => next.handle();
const double: Intercept = (next) => next.handle().pipe(map((value) => Number(value) * 2));

describe.each(bothWays)('of an Observable (%s)', (way) => {
  const published = async (method: () => unknown, ...intercepts: Intercept[]) =>
    (await handlersWith(method, ...intercepts)).published('Orders.handle', 1, way);

  it.each<[string, () => unknown]>([
    ['returned', () => of(1, 2, 3)],
    ['that comes later', () => of(1, 2, 3).pipe(delay(1))],
    ['promised', async () => from([1, 2, 3])],
  ])('(%s) all items are kept', async (_, method) => {
    expect(await published(method)).toEqual([1, 2, 3]);
    expect(await published(method, pass)).toEqual([1, 2, 3]);
    expect(await published(method, double, pass, double)).toEqual([4, 8, 12]);
  });

  it('that is empty nothing is published', async () => {
    expect(await published(() => EMPTY)).toEqual([]);
    expect(await published(() => EMPTY, pass)).toEqual([]);
  });

  it('that fails the failure is the result', async () => {
    const method = () => throwError(() => new Error('no'));
    await expect(published(method)).rejects.toThrow('no');
    await expect(published(method, pass)).rejects.toThrow('no');
  });

  it('that fails after some items the failure comes after them', async () => {
    const method = () =>
      concat(
        of(1),
        throwError(() => new Error('late')),
      );
    await expect(published(method, pass)).rejects.toThrow('late');
  });
});

describe.each(bothWays)('an interceptor (%s)', (way) => {
  const published = async (method: () => unknown, ...intercepts: Intercept[]) =>
    (await handlersWith(method, ...intercepts)).published('Orders.handle', 1, way);

  it.each<[string, () => unknown, unknown[]]>([
    ['nothing', () => undefined, []],
    ['null', () => null, [null]],
    ['an array', () => [1, 2], [[1, 2]]],
    ['a promise', async () => 1, [1]],
    ['outgoing.each()', () => outgoing.each([1, 2]), [1, 2]],
    ['an async iterable', () => numbers(), [1, 2]],
  ])('passes on what the method returns: %s', async (_, method, expected) => {
    expect(await published(method, pass)).toEqual(expected);
  });

  it('may answer without calling the method', async () => {
    let called = 0;
    expect(
      await published(
        () => ++called,
        () => of('cached'),
      ),
    ).toEqual(['cached']);
    expect(called).toBe(0);
  });

  it('may be asynchronous', async () => {
    expect(
      await published(
        () => 1,
        async (next) => next.handle(),
        double,
      ),
    ).toEqual([2]);
  });

  it('may call the method again', async () => {
    let called = 0;
    const method = () => {
      if (++called < 3) throw new Error('not yet');
      return called;
    };
    expect(await published(method, (next) => next.handle().pipe(retry(5)))).toEqual([3]);
  });

  it.each<[string, () => unknown]>([
    [
      'thrown',
      () => {
        throw new Error('no');
      },
    ],
    ['rejected', () => Promise.reject(new Error('no'))],
  ])('may catch what the method has %s', async (_, method) => {
    const caught = (next: CallHandler) =>
      next.handle().pipe(catchError((error: Error) => of(`caught ${error.message}`)));
    expect(await published(method, pass, caught, pass)).toEqual(['caught no']);
  });

  it.each<[string, Intercept]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['gives no stream', () => undefined as never],
  ])('that %s fails the call', async (_, intercept) => {
    await expect(published(() => 1, pass, intercept)).rejects.toThrow(/broken|where a stream was expected/);
  });

  it('runs the method in the async scope in which it called handle()', async () => {
    const storage = new AsyncLocalStorage<string>();
    const scoped: Intercept = (next) =>
      new Observable((subscriber) => storage.run('scoped', () => next.handle().subscribe(subscriber)));
    const handled: Intercept = (next) => storage.run('handled', () => next.handle());
    for (const method of [() => storage.getStore(), async () => storage.getStore()]) {
      expect(await published(method, scoped)).toEqual(['scoped']);
      expect(await published(method, handled)).toEqual(['handled']);
      expect(await published(method, scoped, pass, handled, pass)).toEqual(['handled']);
    }
  });

  it('sees the items as they come', async () => {
    const seen: unknown[] = [];
    const watch: Intercept = (next) => next.handle().pipe(tap((value) => seen.push(value)));
    await published(() => of(1, 2).pipe(mergeMap((value) => of(value, value).pipe(delay(value)))), watch);
    expect(seen).toEqual([1, 1, 2, 2]);
  });
});

async function* numbers() {
  yield 1;
  yield 2;
}
