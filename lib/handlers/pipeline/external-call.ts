import { ROUTE_ARGUMENTS } from '../../decorators/index.js';
import type { DeliveryContext } from '../../delivery/index.js';
import { argumentsFactory } from './arguments.js';
import { CONTEXT_TYPE, filterStage } from './filters.js';
import { functionOf, type HandlerMethod } from '../handler-classes.js';
import type { NestCreator } from './nest-internals.js';
import { explained } from './pipes.js';
import { STATIC_CONTEXT } from './nest-imports.js';

const OPTIONS = { guards: true, interceptors: true, filters: false };

/**
 * The equivalent of {@link compiledCall} through Nest's own creator: the reference in benchmarks, and the fallback if a
 * future Nest lacks a member that compiling needs.
 */
export function externalCall(handler: HandlerMethod, creator: NestCreator): (context: DeliveryContext) => unknown {
  const { instance, method, module, wrapper } = handler;
  const context = [STATIC_CONTEXT, wrapper.id] as const;
  const callback = functionOf(instance, method);
  const { filters = [] } = creator.filtersContextCreator.create(instance, callback, module.token, ...context);
  const call = creator.create(
    instance,
    callback,
    method,
    ROUTE_ARGUMENTS,
    argumentsFactory,
    ...context,
    OPTIONS,
    CONTEXT_TYPE,
  );
  const fail = filterStage(filters);
  return explained(`${handler.className}.${method}`, async (context) => {
    const args = [context.message.payload, context];
    try {
      return (await call(...args)) as unknown;
    } catch (error) {
      return fail(error, args);
    }
  });
}

/** Whether Nest has all members that compiling needs. */
export function canCompile(creator: NestCreator): boolean {
  return typeof creator.getMetadata === 'function' && typeof creator.contextUtils.mergeParamsMetatypes === 'function';
}
