import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable } from 'rxjs';
import type { DeliveryContext } from '../delivery/index.js';
import { settleObservable } from './emissions.js';
import { filterFailure } from './filter-failure.js';
import type { NestFilter } from './nest-internals.js';
import { keepRefusal } from './refusal.js';
import { isThenable } from './thenable.js';

/** The context type that guards, interceptors and filters see. */
export const CONTEXT_TYPE = 'rpc';

/** What a failed call comes to: the value of the filter that catches it, or the error. */
export type FilterStage = (error: unknown, args: readonly unknown[]) => unknown;

/**
 * A filter's value is the handler's result, be it a promise or an Observable; one that gives undefined has not
 * handled the error. Nest would take a promise of undefined for a success, and the message would be acked.
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
  const host = new ExecutionContextHost([...args]);
  host.setType(CONTEXT_TYPE);
  (args[1] as DeliveryContext).failed();
  const given: unknown = filter.func(error, host);
  const value: unknown = isThenable(given) ? await given : given;
  if (isObservable(value)) return settleObservable(value);
  if (value === undefined) throw error;
  return value;
}

function catches({ exceptionMetatypes }: NestFilter, error: unknown): boolean {
  return exceptionMetatypes.length === 0 || exceptionMetatypes.some((type) => error instanceof type);
}
