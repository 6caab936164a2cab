import { AsyncResource } from 'node:async_hooks';
import type { ExecutionContext, NestInterceptor } from '@nestjs/common';
import { from, isObservable, Observable, type ObservableInput, type Subscriber, type TeardownLogic } from 'rxjs';
import { settleObservable } from './observable-items.js';
import { isThenable } from '../../async/index.js';

/** The innermost call, which follows the interceptors. */
export type Inner = () => unknown;

/** Runs the interceptors around the innermost call. */
export type InterceptorStage = (host: ExecutionContext, inner: Inner) => unknown;

/**
 * The equivalent of Nest's InterceptorsConsumer, with one Observable per interceptor instead of four and several
 * promises: 0.6 µs instead of 5.4 µs for one that passes through. The next handler runs once per subscription, in the
 * async scope in which `handle()` was called, and all items are kept.
 */
export function interceptorStage(interceptors: readonly NestInterceptor[]): InterceptorStage | undefined {
  if (interceptors.length === 0) return undefined;
  return (host, inner) => {
    const enter = (place: number): unknown => {
      const interceptor = interceptors[place];
      if (!interceptor) return inner();
      const last = place + 1 === interceptors.length;
      return interceptor.intercept(host, { handle: () => deferred(() => enter(place + 1), last) });
    };
    const outermost = enter(0);
    return isThenable(outermost)
      ? Promise.resolve(outermost).then((stream) => settleObservable(streamOf(stream)))
      : settleObservable(streamOf(outermost));
  };
}

function deferred(run: () => unknown, last: boolean): Observable<unknown> {
  const scope = new AsyncResource('nestjs-multi-broker');
  return new Observable((subscriber) => {
    try {
      return emit(scope.runInAsyncScope(run), subscriber, last);
    } catch (error) {
      subscriber.error(error);
      return undefined;
    }
  });
}

/** Only a handler may return a plain value; an interceptor returns a stream. */
function emit(produced: unknown, subscriber: Subscriber<unknown>, last: boolean): TeardownLogic {
  if (isObservable(produced)) return produced.subscribe(subscriber);
  if (isThenable(produced)) return emitLater(produced, subscriber, last);
  if (!last) return streamOf(produced).subscribe(subscriber);
  subscriber.next(produced);
  subscriber.complete();
  return undefined;
}

function emitLater(produced: PromiseLike<unknown>, subscriber: Subscriber<unknown>, last: boolean): TeardownLogic {
  let teardown: TeardownLogic;
  produced.then(
    (value) => {
      if (subscriber.closed) return;
      try {
        teardown = emit(value, subscriber, last);
      } catch (error) {
        subscriber.error(error);
      }
    },
    (error: unknown) => subscriber.error(error),
  );
  return () => {
    if (typeof teardown === 'function') teardown();
    else teardown?.unsubscribe();
  };
}

function streamOf(value: unknown): Observable<unknown> {
  return isObservable(value) ? value : from(value as ObservableInput<unknown>);
}
