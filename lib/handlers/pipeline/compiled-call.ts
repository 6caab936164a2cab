import type { ExecutionContext } from '@nestjs/common';
import { isObservable } from 'rxjs';
import { isThenable } from '../../async/index.js';
import { ROUTE_ARGUMENTS } from '../../decorators/index.js';
import type { DeliveryContext } from '../../delivery/index.js';
import { functionOf, type HandlerMethod } from '../handler-classes.js';
import { argumentsFactory, type ArgumentStage, argumentStage, ofPayloadAlone } from './arguments.js';
import { CONTEXT_TYPE, type FilterStage, filterStage } from './filters.js';
import { guardStage } from './guards.js';
import { type Inner, interceptorStage } from './interceptors.js';
import type { NestCreator, NestFilter, NestParameter } from './nest-internals.js';
import { settleObservable } from './observable-items.js';
import { explained } from './pipes.js';
import { ExecutionContextHost, STATIC_CONTEXT } from './nest-imports.js';

/** Payload and context, as guards and filters see them: `getData()` and `getContext()`. */
type Args = [payload: unknown, context: DeliveryContext];

/**
 * Compiles the call of a handler whose instance and enhancers are singletons. Everything is looked up here, once; a
 * missing stage costs nothing, and only promises are awaited. Nest's own creator makes six to twelve promises per call,
 * which takes 2 to 4 µs on Node 20 with an AsyncLocalStorage in use.
 */
export function compiledCall(handler: HandlerMethod, creator: NestCreator): (context: DeliveryContext) => unknown {
  const { instance, module, wrapper } = handler;
  const callback = functionOf(instance, handler.method);
  const found = [instance, callback, module.token, STATIC_CONTEXT, wrapper.id] as const;
  const pipes = creator.pipesContextCreator.create(...found);
  const parameters = parametersOf(handler, creator);
  const called = noted(callback, creator.methodCalled);
  const method = argumentStage(called, instance, parameters, pipes);
  const guards = guardStage(creator.guardsContextCreator.create(...found));
  const interceptors = interceptorStage(creator.interceptorsContextCreator.create(...found));
  const filters = creator.filtersContextCreator.create(...found).filters ?? [];
  const isBare = !guards && !interceptors && filters.length === 0;
  const alone = isBare && pipes.length === 0 ? ofPayloadAlone(called, instance, parameters) : undefined;
  if (alone !== undefined) return alone;
  const call = callOf(handler, callback, { method, guards, interceptors, filters });
  const hasPipes = pipes.length > 0 || parameters.some((parameter) => parameter.pipes.length > 0);
  return hasPipes ? explained(`${handler.className}.${handler.method}`, call) : call;
}

interface Stages {
  readonly method: ArgumentStage;
  readonly guards: ReturnType<typeof guardStage>;
  readonly interceptors: ReturnType<typeof interceptorStage>;
  readonly filters: readonly NestFilter[];
}

function callOf(handler: HandlerMethod, callback: Inner, { method, guards, interceptors, filters }: Stages) {
  if (!guards && !interceptors && filters.length === 0)
    return (context: DeliveryContext) => method(context.message.payload, context);
  const guarded = guards || interceptors ? withHost(handler, callback, method, guards, interceptors) : plain(method);
  return filters.length === 0 ? unfiltered(guarded) : filtered(guarded, filterStage(filters));
}

type HandlerFunction = ReturnType<typeof functionOf>;

/** Wraps the method if a test observes calls; the metadata stays on the original. */
function noted(method: HandlerFunction, methodCalled: (() => void) | undefined): HandlerFunction {
  if (!methodCalled) return method;
  return function (this: unknown, ...args) {
    methodCalled();
    return method.apply(this, args);
  };
}

function parametersOf({ instance, method, module, wrapper }: HandlerMethod, creator: NestCreator) {
  const metadata = creator.getMetadata(instance, method, ROUTE_ARGUMENTS, argumentsFactory, CONTEXT_TYPE);
  const parameters = metadata.getParamsMetadata(module.token, STATIC_CONTEXT, wrapper.id) ?? [];
  return creator.contextUtils.mergeParamsMetatypes(parameters, metadata.paramtypes) satisfies readonly NestParameter[];
}

type Run = (args: Args) => unknown;

function plain(method: ArgumentStage): Run {
  return ([payload, context]) => method(payload, context);
}

function withHost(
  { instance }: HandlerMethod,
  callback: Inner,
  method: ArgumentStage,
  guards: ReturnType<typeof guardStage>,
  interceptors: ReturnType<typeof interceptorStage>,
): Run {
  const type = instance.constructor as ConstructorParameters<typeof ExecutionContextHost>[1];
  return (args) => {
    const host = new ExecutionContextHost(args, type, callback) as ExecutionContextHost & ExecutionContext;
    host.setType(CONTEXT_TYPE);
    const further = (): unknown => {
      // Read after the guards, which may replace the payload. As in Nest, an interceptor is too late to replace it.
      const [payload, context] = args;
      const inner = (): unknown => method(payload, context);
      return interceptors ? interceptors(host, inner) : inner();
    };
    const pending = guards?.(host);
    return pending ? pending.then(() => kept(further(), args)) : further();
  };
}

/** Behind an asynchronous guard, delivery cannot see a scope that the method enters by `enterWith()`, so keep it. */
function kept(result: unknown, [, context]: Args): unknown {
  if (typeof result === 'object' && result !== null) context.keepScope();
  return result;
}

/** Without filters, which have to see its errors, an Observable can be subscribed later, with the other results. */
function unfiltered(run: Run): (context: DeliveryContext) => unknown {
  return (context) => run([context.message.payload, context]);
}

function filtered(run: Run, fail: FilterStage): (context: DeliveryContext) => unknown {
  return (context) => {
    const args: Args = [context.message.payload, context];
    const caught = (error: unknown): unknown => fail(error, args);
    try {
      const result = settled(run(args));
      return isThenable(result) ? result.then(settled).then(undefined, caught) : result;
    } catch (error) {
      return caught(error);
    }
  };
}

function settled(result: unknown): unknown {
  return isObservable(result) ? settleObservable(result) : result;
}
