import { isObservable } from 'rxjs';
import type { DeliveryContext } from '../../delivery/index.js';
import { asError } from '../../errors/index.js';
import { keepRefusal } from './guards.js';
import type { NestFilter } from './nest-internals.js';
import { settleObservable } from './observable-items.js';
import { ExecutionContextHost } from './nest-imports.js';

/** The context type that guards, interceptors and filters see. */
export const CONTEXT_TYPE = 'rpc';

/** Passes an error to the filters: returns the value of the one that catches it, or throws. */
export type FilterStage = (error: unknown, args: readonly unknown[]) => unknown;

/**
 * The return value of a filter replaces the handler's result, also as a promise or an Observable. As in Nest, a filter
 * that returns nothing has handled the error: nothing is published.
 *
 * Nest's own default filter is left out, since it logs every attempt, while delivery logs once per message.
 *
 * @param filters in the order of Nest's creator, which reverses them for its own handler: the nearest last
 */
export function filterStage(filters: readonly NestFilter[]): FilterStage {
  if (filters.length === 0) {
    return (error) => {
      throw error;
    };
  }
  return async (error, args) => {
    try {
      return await filtered(filters, error, args);
    } catch (final) {
      throw keepRefusal(error, filterFailure(final, error));
    }
  };
}

async function filtered(filters: readonly NestFilter[], error: unknown, args: readonly unknown[]): Promise<unknown> {
  const filter = filters.find((one) => catches(one, error));
  if (!filter) throw error;
  (args[1] as DeliveryContext).failed(error);
  const value = await given(filter, error, args);
  return isObservable(value) ? settleObservable(value) : value;
}

async function given(filter: NestFilter, error: unknown, args: readonly unknown[]): Promise<unknown> {
  const host = new ExecutionContextHost([...args]);
  host.setType(CONTEXT_TYPE);
  try {
    return await filter.func(error, host);
  } catch (thrown) {
    throw brokenFilter(thrown, error);
  }
}

function catches({ exceptionMetatypes }: NestFilter, error: unknown): boolean {
  return exceptionMetatypes.length === 0 || exceptionMetatypes.some((type) => error instanceof type);
}

/** Limit of the depth, as a chain of causes may be circular. */
const MOST_CAUSES = 10;

/**
 * The error of a failed filter. Filters for RPC fail with plain objects or strings, which are meant for the reply to a
 * request: their message is used, while the handler's error decides whether a retry may succeed.
 */
export function filterFailure(failure: unknown, thrown: unknown): unknown {
  if (failure === thrown) return failure;
  if (failure instanceof Error) return withCause(failure, thrown);
  return madeOf(messageOf(failure), thrown);
}

/**
 * The error that a filter threw. A TypeError is accidental: the filters in Nest's documentation call `status()` on the
 * HTTP response, which a message does not have. It must not hide the handler's error.
 */
export function brokenFilter(failure: unknown, thrown: unknown): unknown {
  if (!(failure instanceof TypeError) || failure === thrown) return failure;
  const hint = 'A filter written for HTTP must rethrow the error where host.getType() is not "http"';
  return madeOf(`${asError(thrown).message} (its exception filter failed: ${failure.message}. ${hint}.)`, thrown);
}

function madeOf(message: string, thrown: unknown): Error {
  const error = new Error(message, { cause: thrown });
  return isFinal(thrown) ? Object.assign(error, { retryable: false }) : error;
}

/** Appends the handler's error as the last cause of the filter's error, unless the filter has done so. */
function withCause(failure: Error, thrown: unknown): Error {
  let last = failure;
  for (let depth = 0; depth < MOST_CAUSES && last.cause instanceof Error; depth++) {
    if (last.cause === thrown) return failure;
    last = last.cause;
  }
  if (last.cause === undefined && last !== thrown && Object.isExtensible(last)) {
    Object.defineProperty(last, 'cause', { value: thrown, configurable: true, writable: true });
  }
  return failure;
}

function messageOf(failure: unknown): string {
  if (typeof failure === 'string') return failure;
  const message: unknown = (failure as { readonly message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : 'A filter failed with a value that is no Error';
}

function isFinal(thrown: unknown): boolean {
  return (thrown as { readonly retryable?: unknown } | null | undefined)?.retryable === false;
}
