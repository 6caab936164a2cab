import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { ROUTE_ARGUMENTS } from '../decorators/index.js';
import type { DeliveryContext } from '../delivery/index.js';
import { argumentsFactory } from './arguments.js';
import { CONTEXT_TYPE, filterStage } from './filter-stage.js';
import { functionOf, type HandlerMethod } from './handler-host.js';
import type { NestCreator } from './nest-internals.js';
import { explained } from './pipe-refusal.js';

const OPTIONS = { guards: true, interceptors: true, filters: false };

/**
 * The same as {@link compiledCall} by Nest's own creator: what it is measured against, and what is used should a Nest
 * to come lack a member that compiling needs.
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

/** Whether Nest has all that compiling needs. */
export function canCompile(creator: NestCreator): boolean {
  return typeof creator.getMetadata === 'function' && typeof creator.contextUtils.mergeParamsMetatypes === 'function';
}
