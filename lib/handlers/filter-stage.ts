import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable } from 'rxjs';
import type { DeliveryContext } from '../delivery/index.js';
import { settleObservable } from './emissions.js';
import { brokenFilter, filterFailure } from './filter-failure.js';
import type { NestFilter } from './nest-internals.js';
import { keepRefusal } from './refusal.js';

/** The context type that guards, interceptors and filters see. */
export const CONTEXT_TYPE = 'rpc';

/** What a failed call comes to: the value of the filter that catches it, or the error. */
export type FilterStage = (error: unknown, args: readonly unknown[]) => unknown;

/**
 * A filter's value is the handler's result, be it a promise or an Observable; one that gives nothing has dealt with the
 * error, as in Nest: nothing is published.
 *
 * Nest's own last filter is left out: it logs, and so does delivery, once a message rather than once an attempt.
 *
 * @param filters the nearest last, as Nest's creator gives them reversed for its own handler
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
