import { type ContextId, ContextIdFactory, type ModuleRef } from '@nestjs/core';
import { ROUTE_ARGUMENTS } from '../../decorators/index.js';
import type { DeliveryContext } from '../../delivery/index.js';
import { argumentsFactory } from './arguments.js';
import { CONTEXT_TYPE, filterStage } from './filters.js';
import { functionOf, type HandlerMethod } from '../handler-classes.js';
import type { NestCreator } from './nest-internals.js';
import { explained } from './pipes.js';
import { Injector, REQUEST_CONTEXT_ID } from './nest-imports.js';

const OPTIONS = { guards: true, interceptors: true, filters: false };

/**
 * Calls a handler whose instance or enhancers are created per message. REQUEST is the message context, and durable
 * context id strategies are honoured.
 */
export function scopedCall(handler: HandlerMethod, creator: NestCreator, moduleRef: ModuleRef) {
  const injector = new Injector();
  return explained(`${handler.className}.${handler.method}`, async (context) => {
    const args = [context.message.payload, context];
    let filters = staticFilters(handler, creator);
    try {
      const contextId = contextIdOf(context, handler, moduleRef);
      const instance = await instanceFor(handler, injector, contextId);
      filters = () => filtersOf(handler, instance, creator, contextId);
      return await callerOf(handler, instance, creator, contextId)(...args);
    } catch (error) {
      return filterStage(filters())(error, args);
    }
  });
}

/** Loads the instance of the declaring module: `moduleRef.resolve` might find another provider of the token. */
function instanceFor({ wrapper, module, instance }: HandlerMethod, injector: Injector, contextId: ContextId) {
  const isController = module.controllers.get(wrapper.token) === wrapper;
  const collection = isController ? module.controllers : module.providers;
  return injector.loadPerContext<object>(instance, module, collection, contextId, wrapper);
}

function callerOf({ method, wrapper }: HandlerMethod, instance: object, creator: NestCreator, contextId: ContextId) {
  const callback = functionOf(instance, method);
  return creator.create(
    instance,
    callback,
    method,
    ROUTE_ARGUMENTS,
    argumentsFactory,
    contextId,
    wrapper.id,
    OPTIONS,
    CONTEXT_TYPE,
  );
}

function filtersOf({ method, module, wrapper }: HandlerMethod, instance: object, creator: NestCreator, id: ContextId) {
  const callback = functionOf(instance, method);
  return creator.filtersContextCreator.create(instance, callback, module.token, id, wrapper.id).filters ?? [];
}

/** Filters for an error before there is an instance, which is handled like the handler's own. */
function staticFilters({ instance, method, module }: HandlerMethod, creator: NestCreator) {
  const callback = functionOf(instance, method);
  return () => creator.filtersContextCreator.create(instance, callback, module.token).filters ?? [];
}

function contextIdOf(context: DeliveryContext, { wrapper }: HandlerMethod, moduleRef: ModuleRef): ContextId {
  const contextId = ContextIdFactory.getByRequest(context);
  if (REQUEST_CONTEXT_ID in context) return contextId;
  Object.defineProperty(context, REQUEST_CONTEXT_ID, { value: contextId });
  const { payload } = contextId as { readonly payload?: object | null };
  if (!wrapper.isDependencyTreeDurable()) lend(context, payload);
  moduleRef.registerRequestByContextId(wrapper.isDependencyTreeDurable() ? payload : context, contextId);
  return contextId;
}

/** Copies the payload of a durable strategy to the context, as Nest does with REQUEST, without overriding anything. */
function lend(context: DeliveryContext, payload: object | null | undefined): void {
  for (const [name, value] of Object.entries(payload ?? {})) {
    if (!(name in context)) Object.defineProperty(context, name, { value });
  }
}
